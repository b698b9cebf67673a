import fc from 'fast-check'
import { SocksClient, type SocksProxy } from 'socks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { LabNames } from './names.js'
import { startEchoTarget, type EchoTarget } from './proxy/echo-target.js'
import { startProxy, type LabProxy, type ProxyOptions } from './proxy/index.js'
import { RawClient } from './proxy/raw-client.js'

const names = new LabNames()
let echo: EchoTarget

beforeAll(async () => {
  echo = await startEchoTarget(names, 'echo.lab', 443)
})
afterAll(() => echo.close())

async function proxy(options: Omit<ProxyOptions, 'names'>): Promise<LabProxy> {
  const started = await startProxy({ names, ...options })
  onTestFinished(() => started.close())
  return started
}

async function raw(to: LabProxy): Promise<RawClient> {
  const client = await RawClient.connect(to.port, to.host)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

async function throughSocks(
  lab: LabProxy,
  host: string,
  proxyOptions: Partial<SocksProxy> = {},
): Promise<string> {
  const { socket } = await SocksClient.createConnection({
    proxy: { host: lab.host, port: lab.port, type: lab.scheme === 'socks5' ? 5 : 4, ...proxyOptions },
    command: 'connect',
    destination: { host, port: 443 },
  })
  const echoed = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume()
  socket.write('hello')
  const answer = await echoed
  socket.destroy()
  await closed
  return answer
}

describe('a socks5 proxy', () => {
  test.each([
    ['a name', 'echo.lab', 'name'],
    ['an IPv4 address', names.add('echo.lab', 443, { host: '', port: 0 }).addressOf('echo.lab'), 'ipv4'],
    ['an IPv6 address', names.addressOf('echo.lab', 6), 'ipv6'],
  ])('carries the socks package to %s', async (_title, host, addressType) => {
    const lab = await proxy({ scheme: 'socks5' })
    expect(await throughSocks(lab, host)).toBe('hello')
    expect(lab.connections).toHaveLength(1)
    expect(lab.connections[0]).toMatchObject({
      target: { host, port: 443, addressType },
      credentials: null,
      established: true,
      bytesUp: 5,
      bytesDown: 5,
    })
  })

  test('carries the socks package with username and password', async () => {
    const auth = { username: 'usér', password: 'p@ss:w/ö' }
    const lab = await proxy({ scheme: 'socks5', auth })
    expect(new URL(lab.url).username).toBe('us%C3%A9r')
    const right = { userId: auth.username, password: auth.password }
    expect(await throughSocks(lab, 'echo.lab', right)).toBe('hello')
    await expect(throughSocks(lab, 'echo.lab', { ...right, password: 'x' })).rejects.toThrow(
      /Authentication failed/,
    )
    await expect(throughSocks(lab, 'echo.lab')).rejects.toThrow(/no accepted authentication/i)
    expect(lab.connections.map(({ credentials }) => credentials)).toEqual([
      auth,
      { username: 'usér', password: 'x' },
      null,
    ])
    expect(lab.established).toHaveLength(1)
  })

  test('says host unreachable for an unknown name and refused for an unknown port', async () => {
    const lab = await proxy({ scheme: 'socks5' })
    await expect(throughSocks(lab, 'nowhere.invalid')).rejects.toThrow(/HostUnreachable/)
    names.add('moved.lab', 1, { host: '127.0.0.1', port: 1 })
    await expect(throughSocks(lab, 'moved.lab')).rejects.toThrow(/ConnectionRefused/)
  })

  test('knows CONNECT only, and three address types', async () => {
    const lab = await proxy({ scheme: 'socks5' })
    const bind = await raw(lab)
    bind.send([5, 1, 0, 5, 2, 0, 1, 1, 2, 3, 4, 0, 80])
    expect((await bind.receive(12)).subarray(2, 4)).toEqual(Buffer.from([5, 7]))
    expect(await bind.ended).toBe('fin')
    const type = await raw(lab)
    type.send([5, 1, 0, 5, 1, 0, 9])
    expect((await type.receive(12)).subarray(2, 4)).toEqual(Buffer.from([5, 8]))
    expect(await type.ended).toBe('fin')
  })

  test('closes on HTTP, or says first that no method will do', async () => {
    const closing = await proxy({ scheme: 'socks5' })
    const first = await raw(closing)
    first.send('CONNECT discord.com:443 HTTP/1.1\r\n\r\n')
    expect(await first.ended).toBe('fin')
    expect(first.received).toHaveLength(0)
    expect(closing.connections[0]?.heard.toString()).toBe('CONNECT discord.com:443 HTTP/1.1\r\n\r\n')

    const polite = await proxy({ scheme: 'socks5', foreign: 'no acceptable method' })
    const second = await raw(polite)
    second.send('CONNECT discord.com:443 HTTP/1.1\r\n\r\n')
    expect(await second.ended).toBe('fin')
    expect(second.received).toEqual(Buffer.from([5, 0xff]))
  })

  test('reads byte-exactly, however a client cuts its messages or joins them', async () => {
    const auth = { username: 'user', password: 'pass' }
    const lab = await proxy({ scheme: 'socks5', auth })
    const host = Buffer.from('echo.lab')
    const handshake = Buffer.from([
      ...[5, 2, 0, 2],
      ...[1, 4, ...Buffer.from('user'), 4, ...Buffer.from('pass')],
      ...[5, 1, 0, 3, host.length, ...host, 1, 187],
      ...Buffer.from('payload'),
    ])
    const replies = Buffer.from([5, 2, 1, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90, ...Buffer.from('payload')])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), async (sizes) => {
        await using client = await RawClient.connect(lab.port)
        let sent = 0
        for (const size of [...sizes, handshake.length]) {
          const part = handshake.subarray(sent, sent + size)
          if (part.length === 0) break
          await new Promise((resolve) => client.socket.write(part, resolve))
          await new Promise(setImmediate)
          sent += part.length
        }
        expect(await client.receive(replies.length)).toEqual(replies)
        const connection = lab.connections.at(-1)
        expect(connection?.heard).toEqual(handshake)
        expect(connection).toMatchObject({ bytesUp: 7, bytesDown: 7, credentials: auth })
      }),
      { numRuns: 40 },
    )
  })

  test('lets go of a client that leaves in the middle of a message', async () => {
    const lab = await proxy({ scheme: 'socks5' })
    const client = await raw(lab)
    client.send([5, 3, 0])
    client.socket.end()
    expect(await client.ended).toBe('fin')
    await lab.connections[0]?.closed
    expect(lab.openCount).toBe(0)
  })
})

describe('a socks4 proxy', () => {
  test('carries the socks package to an address', async () => {
    const lab = await proxy({ scheme: 'socks4' })
    const host = names.addressOf('echo.lab')
    expect(await throughSocks(lab, host, { userId: 'me' })).toBe('hello')
    expect(lab.connections[0]).toMatchObject({
      target: { host, port: 443, addressType: 'ipv4' },
      credentials: { username: 'me', password: '' },
    })
  })

  test('refuses names, which are of SOCKS4a', async () => {
    const lab = await proxy({ scheme: 'socks4' })
    await expect(throughSocks(lab, 'echo.lab')).rejects.toThrow(/rejected/)
    expect(lab.connections[0]?.target).toEqual({ host: '0.0.0.1', port: 443, addressType: 'ipv4' })
  })

  test('compares the userid', async () => {
    const lab = await proxy({ scheme: 'socks4', auth: { username: 'me', password: '' } })
    const client = await raw(lab)
    client.send([4, 1, 1, 187, 198, 51, 100, 1, ...Buffer.from('you'), 0])
    expect(await client.receive(8)).toEqual(Buffer.from([0, 0x5d, 0, 0, 0, 0, 0, 0]))
    expect(await throughSocks(lab, names.addressOf('echo.lab'), { userId: 'me' })).toBe('hello')
  })

  test('closes on SOCKS5', async () => {
    const lab = await proxy({ scheme: 'socks4' })
    const client = await raw(lab)
    client.send([5, 1, 0])
    expect(await client.ended).toBe('fin')
    expect(client.received).toHaveLength(0)
  })
})

describe('a socks4a proxy', () => {
  test('carries the socks package to a name', async () => {
    const lab = await proxy({ scheme: 'socks4a' })
    expect(await throughSocks(lab, 'echo.lab')).toBe('hello')
    expect(lab.connections[0]?.target).toEqual({ host: 'echo.lab', port: 443, addressType: 'name' })
  })

  test('reads byte-exactly, and refuses an unknown name', async () => {
    const lab = await proxy({ scheme: 'socks4a' })
    const client = await raw(lab)
    const request = [
      4,
      1,
      1,
      187,
      0,
      0,
      0,
      1,
      109,
      101,
      0,
      ...Buffer.from('echo.lab'),
      0,
      ...Buffer.from('hi'),
    ]
    for (const byte of request) {
      await new Promise((resolve) => client.socket.write(Buffer.from([byte]), resolve))
      await new Promise(setImmediate)
    }
    expect((await client.receive(10)).toString('latin1')).toBe('\0Z\0\0\0\0\0\0hi')
    expect(lab.connections[0]?.heard).toEqual(Buffer.from(request))
    await expect(throughSocks(lab, 'nowhere.invalid')).rejects.toThrow(/rejected/)
  })
})
