import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCertificateAuthority, type CertificateAuthority } from './certificates.js'
import { LabNames } from './names.js'
import { startEchoTarget, type EchoTarget } from './proxy/echo-target.js'
import { startProxy, type LabProxy, type LabScheme, type ProxyOptions } from './proxy/index.js'
import { RawClient } from './proxy/raw-client.js'

const names = new LabNames()
let echo: EchoTarget
let ca: CertificateAuthority

beforeAll(async () => {
  echo = await startEchoTarget(names, 'echo.lab', 7)
  ca = await createCertificateAuthority()
})
afterAll(() => echo.close())

async function proxy(options: Omit<ProxyOptions, 'names'>): Promise<LabProxy> {
  const started = await startProxy({ names, ...(options.scheme === 'https' && { tls: { ca } }), ...options })
  onTestFinished(() => started.close())
  return started
}

/** A tunnel to the echo; its client has received nothing yet. */
async function tunnel(lab: LabProxy): Promise<RawClient> {
  const client =
    lab.scheme === 'https'
      ? await RawClient.connectTls({ host: lab.host, port: lab.port, ca: ca.certificate })
      : await RawClient.connect(lab.port, lab.host)
  onTestFinished(() => client[Symbol.asyncDispose]())
  if (lab.scheme === 'http' || lab.scheme === 'https') {
    client.send('CONNECT echo.lab:7 HTTP/1.1\r\nHost: echo.lab:7\r\n\r\n')
    await client.receiveText('\r\n\r\n')
  } else if (lab.scheme === 'socks5') {
    client.send([5, 1, 0, 5, 1, 0, 3, 8, ...Buffer.from('echo.lab'), 0, 7])
    await client.receive(12)
  } else {
    client.send([4, 1, 0, 7, 198, 51, 100, 1, 0])
    await client.receive(8)
  }
  client.chunks.length = 0
  return client
}

const SCHEMES: readonly LabScheme[] = ['http', 'https', 'socks4', 'socks4a', 'socks5']

describe.each(SCHEMES)('through %s', (scheme) => {
  test('a tunnel carries a megabyte both ways in order', async () => {
    const lab = await proxy({ scheme })
    const client = await tunnel(lab)
    const sent = Buffer.from(
      Array.from({ length: 1 << 20 }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
    )
    client.send(sent)
    expect((await client.receive(sent.length)).equals(sent)).toBe(true)
    expect(lab.connections[0]).toMatchObject({ bytesUp: sent.length, bytesDown: sent.length })
    expect(lab.connections[0]?.heard).toHaveLength(65_536)
  })

  test('the end of the client reaches the target, and the rest of its answer still comes', async () => {
    const lab = await proxy({ scheme })
    const client = await tunnel(lab)
    client.socket.end('last words')
    expect((await client.receive(10)).toString()).toBe('last words')
    expect(await client.ended).toBe('fin')
    await lab.connections[0]?.closed
  })

  test('cut() resets or closes those that match', async () => {
    const lab = await proxy({ scheme })
    const [first, second] = [await tunnel(lab), await tunnel(lab)]
    expect(lab.cut(({ id }) => id === 1)).toBe(1)
    expect(await first.ended).toBe('error')
    expect(first.error).toMatchObject({ code: 'ECONNRESET' })
    expect(second.ending).toBeNull()
    expect(lab.cut(undefined, 'close')).toBe(1)
    expect(await second.ended).toBe('fin')
    await Promise.all(lab.connections.map(({ closed }) => closed))
    expect(lab.cut()).toBe(0)
  })

  test('freeze() holds every byte and the end until thaw()', async () => {
    const lab = await proxy({ scheme })
    const client = await tunnel(lab)
    lab.freeze()
    const later = await tunnel(lab)
    client.send('one')
    later.send('two')
    client.send(' more')
    await lab.waitForConnection(({ heard }) => heard.toString('latin1').endsWith('one more'))
    await lab.waitForConnection(({ heard }) => heard.toString('latin1').endsWith('two'))
    expect(client.received).toHaveLength(0)
    expect(client.ending).toBeNull()
    expect(lab.openCount).toBe(2)
    lab.thaw()
    expect((await client.receive(8)).toString()).toBe('one more')
    expect((await later.receive(3)).toString()).toBe('two')
  })

  test('close() destroys everything and rejects who waits', async () => {
    const lab = await proxy({ scheme })
    const client = await tunnel(lab)
    const never = lab.waitForConnection(({ target }) => target?.host === 'never.lab')
    const rejected = expect(never).rejects.toThrow('closed')
    await lab.close()
    await rejected
    expect(await client.ended).not.toBeNull()
    expect(lab.connections.every(({ open }) => !open)).toBe(true)
    expect(lab.openCount).toBe(0)
    await lab.close()
  })

  test('delayMs is paid on the way there and on the way back', async () => {
    const lab = await proxy({ scheme, delayMs: 30 })
    const client = await tunnel(lab)
    const start = performance.now()
    client.send('ping')
    await client.receive(4)
    expect(performance.now() - start).toBeGreaterThanOrEqual(59)
    expect(lab.openCount).toBe(1)
  })
})

test('a proxy can come back on its old port', async () => {
  const before = await proxy({ scheme: 'http' })
  await tunnel(before)
  await before.close()
  const after = await proxy({ scheme: 'http', port: before.port })
  expect(after.port).toBe(before.port)
  await tunnel(after)
  expect(after.established).toHaveLength(1)
})

test('connections beyond the limit are closed at once, and the peak is remembered', async () => {
  const lab = await proxy({ scheme: 'http', maxConnections: 2 })
  const [first] = [await tunnel(lab), await tunnel(lab)]
  await using third = await RawClient.connect(lab.port)
  expect(await third.ended).not.toBeNull()
  expect(third.received).toHaveLength(0)
  expect(lab.dropped).toBe(1)
  await first[Symbol.asyncDispose]()
  await lab.connections[0]?.closed
  expect(lab).toMatchObject({ openCount: 1, peakOpen: 2 })
  await tunnel(lab)
})

test('waitForConnection sees what a connection becomes', async () => {
  const lab = await proxy({ scheme: 'http' })
  const established = lab.waitForConnection((connection) => connection.established)
  const closed = lab.waitForConnection(({ open }) => !open)
  const client = await tunnel(lab)
  expect((await established).target?.host).toBe('echo.lab')
  await client[Symbol.asyncDispose]()
  expect(await closed).toBe(await established)
  expect(await lab.waitForConnection()).toBe(lab.connections[0])
})

test('a target that resets its side resets the client', async () => {
  const lab = await proxy({ scheme: 'http' })
  const target = await startEchoTarget(names, 'brief.lab', 7)
  const client = await RawClient.connect(lab.port)
  onTestFinished(() => client[Symbol.asyncDispose]())
  client.send('CONNECT brief.lab:7 HTTP/1.1\r\nHost: brief.lab:7\r\n\r\n')
  await client.receiveText('\r\n\r\n')
  await target.close()
  expect(await client.ended).not.toBeNull()
})
