import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SocksClient } from 'socks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCertificateAuthority, type CertificateAuthority } from './certificates.js'
import { LabNames } from './names.js'
import { startEchoTarget, type EchoTarget } from './proxy/echo-target.js'
import {
  ALL_FAULTS,
  faultsFor,
  GARBAGE,
  startProxy,
  type Fault,
  type FaultEffect,
  type LabProxy,
  type LabScheme,
} from './proxy/index.js'
import { RawClient } from './proxy/raw-client.js'

const SCHEMES: readonly LabScheme[] = ['http', 'https', 'socks4', 'socks4a', 'socks5']
const CONNECT = 'CONNECT echo.lab:443 HTTP/1.1\r\nHost: echo.lab:443\r\n\r\n'
const SOCKS5_REQUEST = [5, 1, 0, 3, 8, ...Buffer.from('echo.lab'), 1, 187]

const names = new LabNames()
let ca: CertificateAuthority
let echo: EchoTarget

beforeAll(async () => {
  ca = await createCertificateAuthority()
  echo = await startEchoTarget(names, 'echo.lab', 443, ca)
})
afterAll(() => echo.close())

async function faulty(scheme: LabScheme, fault: Fault): Promise<LabProxy> {
  const lab = await startProxy({ scheme, names, fault, ...(scheme === 'https' && { tls: { ca } }) })
  onTestFinished(() => lab.close())
  return lab
}

async function raw(lab: LabProxy): Promise<RawClient> {
  const client = await RawClient.connect(lab.port)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

test('every fault has one name for each scheme', () => {
  for (const scheme of SCHEMES) {
    const found = faultsFor(scheme).map(({ name }) => name)
    expect(new Set(found).size).toBe(found.length)
  }
  expect(ALL_FAULTS.every(({ schemes }) => schemes.length > 0)).toBe(true)
})

// Clients that have nothing in common with this lab say what becomes of each tunnel: Node's own CONNECT and
// the socks package, and Node's TLS inside.
describe.each(SCHEMES)('on %s', (scheme) => {
  const PATIENT_MS = 5_000
  const IMPATIENT_MS = 60

  test.each(faultsFor(scheme))('$name: $effect', async ({ fault, effect }) => {
    const lab = await faulty(scheme, fault)
    const opens = effect === 'tunnel' || effect === 'broken tunnel' || effect === 'any'
    const seen = await whatBecomesOfTheTunnel(lab, {
      openMs: opens ? PATIENT_MS : IMPATIENT_MS,
      echoMs: effect === 'tunnel' ? PATIENT_MS : IMPATIENT_MS,
    })
    const allowed: Readonly<Record<FaultEffect, readonly FaultEffect[]>> = {
      'no tunnel': ['no tunnel'],
      tunnel: ['tunnel'],
      'broken tunnel': ['broken tunnel'],
      any: ['tunnel', 'no tunnel', 'broken tunnel'],
      slow: ['no tunnel'],
    }
    expect(allowed[effect]).toContain(seen)
    // A client that gave up may have done so before this process has accepted its connection.
    await lab.waitForConnection()
  })
})

async function whatBecomesOfTheTunnel(
  lab: LabProxy,
  { openMs, echoMs }: { readonly openMs: number; readonly echoMs: number },
): Promise<FaultEffect> {
  let tunnel: Socket
  try {
    tunnel = await (lab.scheme.startsWith('socks') ? openSocks(lab, openMs) : openConnect(lab, openMs))
  } catch {
    return 'no tunnel'
  }
  const socket = connectTls({ socket: tunnel, servername: 'echo.lab', ca: ca.certificate })
  const closed = new Promise((resolve) => tunnel.once('close', resolve))
  const works = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), echoMs)
    const settle = (result: boolean): void => {
      clearTimeout(timer)
      resolve(result)
    }
    socket.on('error', () => settle(false)).on('close', () => settle(false))
    socket.once('data', (data: Buffer) => settle(data.toString() === 'ping'))
    socket.write('ping')
  })
  socket.destroy()
  tunnel.destroy()
  await closed
  return works ? 'tunnel' : 'broken tunnel'
}

function openConnect(lab: LabProxy, timeout: number): Promise<Socket> {
  const options = {
    host: lab.host,
    port: lab.port,
    method: 'CONNECT',
    path: 'echo.lab:443',
    headers: { host: 'echo.lab:443' },
    agent: false,
    ca: ca.certificate,
    // Or Node takes the name from the Host header.
    servername: '',
    signal: AbortSignal.timeout(timeout),
  } as const
  return new Promise((resolve, reject) => {
    const request = lab.scheme === 'https' ? httpsRequest(options) : httpRequest(options)
    request.on('error', reject)
    request.on('response', (response) => {
      response.destroy()
      reject(new Error(`status ${response.statusCode ?? 0}`))
    })
    request.on('connect', (response, socket: Socket, head) => {
      socket.on('error', () => undefined)
      if (response.statusCode === undefined || response.statusCode < 200 || response.statusCode > 299) {
        socket.destroy()
        reject(new Error(`status ${response.statusCode ?? 0}`))
      } else {
        socket.unshift(head)
        resolve(socket)
      }
    })
    request.end()
  })
}

async function openSocks(lab: LabProxy, timeout: number): Promise<Socket> {
  const version = lab.scheme === 'socks5' ? 5 : 4
  const host = lab.scheme === 'socks4' ? names.addressOf('echo.lab') : 'echo.lab'
  const { socket } = await SocksClient.createConnection({
    proxy: { host: lab.host, port: lab.port, type: version, userId: 'me', password: 'secret' },
    command: 'connect',
    destination: { host, port: 443 },
    timeout,
  })
  socket.on('error', () => undefined)
  return socket
}

describe('as soon as TCP is up', () => {
  test.each(SCHEMES)('%s is silent for good, and hears what it is told', async (scheme) => {
    const lab = await faulty(scheme, { kind: 'accept', verb: 'silence' })
    const client = await raw(lab)
    client.send('anything')
    const connection = await lab.waitForConnection(({ heard }) => heard.toString() === 'anything')
    expect(client.received).toHaveLength(0)
    expect(connection.open).toBe(true)
    await client[Symbol.asyncDispose]()
    await connection.closed
  })

  test.each(SCHEMES)('%s closes, resets, or sends garbage', async (scheme) => {
    const lab = await faulty(scheme, { kind: 'accept', verb: 'close' })
    expect(await (await raw(lab)).ended).toBe('fin')
    lab.fault = { kind: 'accept', verb: 'reset' }
    // It may reset before connect() has looked.
    const reset = await RawClient.connect(lab.port).then(
      async (client) => (await client.ended, client.error),
      (error: unknown) => error,
    )
    expect(reset).toMatchObject({ code: 'ECONNRESET' })
    lab.fault = { kind: 'accept', verb: 'garbage' }
    const client = await raw(lab)
    expect(await client.receive(64)).toEqual(GARBAGE)
    expect(client.ending).toBeNull()
  })

  test.each([
    ['http', 'HTTP/1.1 200 Connection established\r\n'],
    ['https', '\x16\x03\x03'],
    ['socks4', '\0Z'],
    ['socks5', '\x05\0\x05\0'],
  ] as const)('%s drips the right answer byte by byte', async (scheme, beginning) => {
    const lab = await faulty(scheme, { kind: 'accept', verb: 'drip', periodMs: 5 })
    const client = await raw(lab)
    expect((await client.receive(beginning.length)).toString('latin1').slice(0, beginning.length)).toBe(
      beginning,
    )
    expect(client.chunks.every((chunk) => chunk.length <= 2)).toBe(true)
  })

  test.each(SCHEMES)('%s sends without end to whoever reads, and only then', async (scheme) => {
    const lab = await faulty(scheme, { kind: 'accept', verb: 'endless' })
    const client = await raw(lab)
    await client.receive(8 * 1024 * 1024)
    await client[Symbol.asyncDispose]()
    await lab.connections[0]?.closed
  })
})

describe('in the TLS handshake', () => {
  const hello = { host: '127.0.0.1', servername: 'proxy.lab' }

  test.each([
    ['close', /socket disconnected|closed/i],
    ['reset', /ECONNRESET/],
    ['plain-text', /wrong version number|packet length/i],
    ['cut-short', /socket disconnected|closed/i],
  ] as const)('%s', async (verb, message) => {
    const lab = await faulty('https', { kind: 'tls', verb })
    await expect(RawClient.connectTls({ ...hello, port: lab.port })).rejects.toThrow(message)
    await lab.connections[0]?.closed
  })

  test('half of the flight really comes before cut-short closes', async () => {
    const lab = await faulty('https', { kind: 'tls', verb: 'cut-short' })
    const wire = connectTcp({ host: lab.host, port: lab.port })
    const closed = new Promise((resolve) => wire.once('close', resolve))
    connectTls({ ...hello, socket: wire }).on('error', () => undefined)
    await closed
    expect(wire.bytesRead).toBeGreaterThan(100)
  })

  test('a slow flight is a right one', async () => {
    const lab = await faulty('https', { kind: 'tls', verb: 'drip', periodMs: 1 })
    const at = { host: lab.host, port: lab.port, ca: ca.certificate }
    await using client = await RawClient.connectTls(at)
    expect(client.error).toBeUndefined()
  })
})

describe('in the answer to CONNECT', () => {
  async function answer(fault: Fault, until = '\r\n\r\n'): Promise<{ client: RawClient; head: string }> {
    const client = await raw(await faulty('http', fault))
    client.send(CONNECT)
    return { client, head: await client.receiveText(until) }
  }

  test('a status has its reason, headers and body, and then the connection closes', async () => {
    const { client, head } = await answer(
      { kind: 'status', status: 403, reason: 'No Way', headers: { 'X-Policy': '7' }, body: 'blocked' },
      'blocked',
    )
    expect(head).toBe('HTTP/1.1 403 No Way\r\nX-Policy: 7\r\nContent-Length: 7\r\n\r\nblocked')
    expect(await client.ended).toBe('fin')
  })

  test('a status can leave the connection open', async () => {
    const { client } = await answer({ kind: 'status', status: 502, keepOpen: true })
    client.send('still there?')
    await new Promise(setImmediate)
    expect(client.ending).toBeNull()
  })

  test('407 asks for Basic', async () => {
    expect((await answer({ kind: 'status', status: 407 })).head).toContain('\r\nProxy-Authenticate: Basic ')
  })

  test('200 in single bytes is 200 in single segments', async () => {
    const { client, head } = await answer({ kind: 'split' })
    expect(head).toBe('HTTP/1.1 200 Connection established\r\n\r\n')
    expect(client.chunks.length).toBeGreaterThan(20)
  })

  test.each<[string, Fault, string]>([
    [
      'more headers',
      { kind: 'extra-headers', headers: { Via: 'x', 'X-A': 'b' } },
      'HTTP/1.1 200 Connection established\r\nVia: x\r\nX-A: b\r\n\r\n',
    ],
    ['HTTP/1.0', { kind: 'http-1.0' }, 'HTTP/1.0 200 Connection established\r\n\r\n'],
    [
      'a line that is no header',
      { kind: 'malformed-header', line: 'oops' },
      'HTTP/1.1 200 Connection established\r\noops\r\n\r\n',
    ],
    ['line feeds alone', { kind: 'lf-only' }, 'HTTP/1.1 200 Connection established\nVia: 1.1 lab\n\n'],
    [
      'bytes behind it',
      { kind: 'trailing', bytes: 'banner' },
      'HTTP/1.1 200 Connection established\r\n\r\nbanner',
    ],
    ['another 2xx', { kind: 'status', status: 204 }, 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('200 with %s, in one segment', async (_title, fault, expected) => {
    const { client, head } = await answer(fault, expected)
    expect(head).toBe(expected)
    expect(client.chunks).toHaveLength(1)
    expect(client.ending).toBeNull()
  })

  test.each(['silence', 'garbage', 'close', 'reset', 'endless'] as const)(
    '%s comes after the header, not before',
    async (verb) => {
      const lab = await faulty('http', { kind: 'request', verb })
      const client = await raw(lab)
      client.send(CONNECT.slice(0, -2))
      await lab.waitForConnection(({ heard }) => heard.length === CONNECT.length - 2)
      expect([client.received.length, client.ending]).toEqual([0, null])
      client.send('\r\n')
      const { target } = await lab.waitForConnection((connection) => connection.target !== null)
      expect(target?.host).toBe('echo.lab')
      if (verb === 'garbage') expect(await client.receive(64)).toEqual(GARBAGE)
      if (verb === 'close') expect(await client.ended).toBe('fin')
      if (verb === 'reset') expect(await client.ended).toBe('error')
      if (verb === 'endless') {
        const text = (await client.receive(1 << 20)).toString('latin1')
        expect(text).toMatch(/^HTTP\/1\.1 200 Connection established\r\nX-Endless: a+$/)
      }
      if (verb === 'silence') expect(client.received).toHaveLength(0)
    },
  )

  test('a drip is the honest answer, and the tunnel behind it works', async () => {
    const lab = await faulty('http', { kind: 'request', verb: 'drip', periodMs: 1 })
    expect(await whatBecomesOfTheTunnel(lab, { openMs: 5_000, echoMs: 5_000 })).toBe('tunnel')
  })
})

describe('in the handshake of SOCKS5', () => {
  test.each<[string, Fault, readonly number[]]>([
    ['no acceptable method', { kind: 'socks-method', method: 0xff }, [5, 0xff]],
    ['an unknown method', { kind: 'socks-method', method: 0x77 }, [5, 0x77]],
    ['a wrong version', { kind: 'socks-version', at: 'method', version: 4 }, [4, 0]],
  ])('the method may be answered with %s', async (_title, fault, expected) => {
    const client = await raw(await faulty('socks5', fault))
    client.send([5, 1, 0])
    expect(await client.receive(2)).toEqual(Buffer.from(expected))
  })

  test.each<[string, Fault, readonly number[]]>([
    ['a status', { kind: 'socks-auth-status', status: 9 }, [1, 9]],
    ['a wrong version', { kind: 'socks-version', at: 'auth', version: 5 }, [5, 0]],
  ])('the credentials may be answered with %s', async (_title, fault, expected) => {
    const client = await raw(await faulty('socks5', fault))
    client.send([5, 2, 0, 2, 1, 1, 117, 1, 112])
    expect(await client.receive(4)).toEqual(Buffer.from([5, 2, ...expected]))
  })

  test.each<[string, Fault, readonly number[]]>([
    ['reply 0x42', { kind: 'socks-reply', code: 0x42 }, [5, 0x42, 0, 1, 127, 0, 0, 1, 0x1f, 0x90]],
    [
      'version 4',
      { kind: 'socks-version', at: 'request', version: 4 },
      [4, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90],
    ],
    [
      'a name',
      { kind: 'socks-bound', addressType: 'name' },
      [5, 0, 0, 3, 19, ...Buffer.from('bound.proxy.invalid'), 0x1f, 0x90],
    ],
    [
      'an IPv6 address',
      { kind: 'socks-bound', addressType: 'ipv6' },
      [5, 0, 0, 4, ...new Array<number>(15).fill(0), 1, 0x1f, 0x90],
    ],
    [
      'bytes behind it',
      { kind: 'trailing', bytes: 'x' },
      [5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90, 'x'.charCodeAt(0)],
    ],
  ])('the request may be answered with %s', async (_title, fault, expected) => {
    const client = await raw(await faulty('socks5', fault))
    client.send([5, 1, 0, ...SOCKS5_REQUEST])
    expect(await client.receive(2 + expected.length)).toEqual(Buffer.from([5, 0, ...expected]))
  })

  test.each(['method', 'auth', 'request'] as const)('silence can come after the %s message', async (at) => {
    const before = { method: 0, auth: 2, request: 2 }[at]
    const lab = await faulty('socks5', { kind: 'request', verb: 'silence', at })
    const client = await raw(lab)
    const auth = at === 'auth' ? [1, 1, 117, 1, 112] : SOCKS5_REQUEST
    const all = [5, 2, 0, 2, ...auth]
    client.send(all)
    await lab.waitForConnection(({ heard }) => heard.length === all.length)
    expect(await client.receive(before)).toHaveLength(before)
    expect(client.ending).toBeNull()
  })

  test('replies in single bytes are single segments', async () => {
    const client = await raw(await faulty('socks5', { kind: 'split' }))
    client.send([5, 1, 0, ...SOCKS5_REQUEST])
    await client.receive(12)
    expect(client.chunks.length).toBeGreaterThan(5)
  })
})

describe('in the reply of SOCKS4', () => {
  test.each<[Fault, readonly number[]]>([
    [{ kind: 'socks-reply', code: 0x5c }, [0, 0x5c]],
    [{ kind: 'socks-version', at: 'request', version: 5 }, [5, 0x5a]],
  ])('%o', async (fault, expected) => {
    const client = await raw(await faulty('socks4a', fault))
    client.send([4, 1, 1, 187, 0, 0, 0, 1, 0, ...Buffer.from('echo.lab'), 0])
    expect((await client.receive(8)).subarray(0, 2)).toEqual(Buffer.from(expected))
  })
})

describe('behind the handshake', () => {
  async function tunnel(fault: Fault): Promise<{ lab: LabProxy; client: RawClient }> {
    const plain = await startEchoTarget(names, 'plain.lab', 7)
    onTestFinished(() => plain.close())
    const lab = await faulty('http', fault)
    const client = await raw(lab)
    client.send('CONNECT plain.lab:7 HTTP/1.1\r\nHost: plain.lab:7\r\n\r\n')
    await client.receiveText('\r\n\r\n')
    client.chunks.length = 0
    return { lab, client }
  }

  test.each(['reset', 'close'] as const)('exactly so many bytes come before the %s', async (how) => {
    const { lab, client } = await tunnel({ kind: 'cut-after', bytes: 1_000, how })
    client.send(Buffer.alloc(5_000, 'x'))
    expect(await client.ended).toBe(how === 'reset' ? 'error' : 'fin')
    expect(client.received).toHaveLength(1_000)
    expect(lab.connections[0]?.bytesDown).toBe(1_000)
  })

  test('a tunnel can lead elsewhere', async () => {
    const elsewhere = await startEchoTarget(new LabNames(), 'elsewhere.lab', 7)
    onTestFinished(() => elsewhere.close())
    const lab = await faulty('http', { kind: 'misroute', to: { host: '127.0.0.1', port: elsewhere.port } })
    const client = await raw(lab)
    client.send(`${CONNECT}not TLS`)
    expect(await client.receiveText('not TLS')).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('a tunnel can lead to a server without TLS', async () => {
    const { client } = await tunnel({ kind: 'not-tls' })
    client.send('hello?')
    expect(await client.receiveText('\r\n')).toBe('220 mail.invalid ESMTP ready\r\n')
    expect(await client.ended).toBe('fin')
  })

  test('a tunnel can be silent', async () => {
    const { lab, client } = await tunnel({ kind: 'tunnel-silence' })
    client.send('hello?')
    const connection = await lab.waitForConnection(({ bytesUp }) => bytesUp === 6)
    expect(connection.established).toBe(true)
    expect([client.received.length, client.ending]).toEqual([0, null])
  })
})

test('a fault is for new connections', async () => {
  const lab = await faulty('http', { kind: 'status', status: 503 })
  const before = await raw(lab)
  await lab.waitForConnection()
  lab.fault = undefined
  before.send(CONNECT)
  expect(await before.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 /)
  const after = await raw(lab)
  after.send(CONNECT)
  expect(await after.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
})
