import { once } from 'node:events'
import type http from 'node:http'
import { type IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import https, { type RequestOptions } from 'node:https'
import net, { type AddressInfo, type LookupFunction, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { HttpsProxyAgent } from 'https-proxy-agent-5'
import * as undici6 from 'undici-6'
import * as undici7 from 'undici'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Installation } from '../../src/index.js'
import { startLab, USERS_ME, type Lab } from '../support/lab.js'

const REFUSED = { code: 'ERR_ROUTE_REFUSED', target: 'discord.com:443' }

let lab: Lab
/** What arrives at the place that is none of the proxy's. */
let received: string
let port: number
let installed: Installation
let sockets: Set<Socket>

beforeEach(async () => {
  lab = await startLab()
  received = ''
  sockets = new Set()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (received.startsWith('CONNECT') && !received.includes('\x16'))
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port
  installed = lab.transport.install()
  onTestFinished(async () => {
    installed.stop()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
})

/** As the resolver of a program answers: the name is none of Discord's, and none of this host's. */
const lookup: LookupFunction = (_name, options, done) => {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}

const elsewhere = (): { host: string; port: number; lookup: LookupFunction } => ({
  host: 'elsewhere.example',
  port,
  lookup,
})

const connectElsewhere = (): Socket => net.connect(elsewhere())

/** A stream that says nothing of what is below it. */
function wrapped(socket: Socket): Duplex {
  return Duplex.from({ readable: socket, writable: socket })
}

async function onlyError(emitter: NodeJS.EventEmitter): Promise<unknown> {
  const errors: unknown[] = []
  emitter.on('error', (error) => errors.push(error))
  await new Promise((resolve) => emitter.once('close', resolve))
  await new Promise((resolve) => setImmediate(resolve))
  expect(errors).toHaveLength(1)
  return errors[0]
}

function get(options: RequestOptions): http.ClientRequest {
  // Node takes 80 without an agent.
  return https.get(USERS_ME, { ...options, defaultPort: 443, headers: lab.headers })
}

describe('A socket that leads past the proxy is refused', () => {
  test.each<[string, () => NodeJS.EventEmitter]>([
    ['with a servername', () => tls.connect({ socket: connectElsewhere(), servername: 'discord.com' })],
    ['with a host', () => tls.connect({ socket: connectElsewhere(), host: 'discord.com' })],
    ['behind a port', () => tls.connect(443, 'discord.com', { socket: connectElsewhere() })],
    ['in a stream', () => tls.connect({ socket: wrapped(connectElsewhere()), servername: 'discord.com' })],
  ])('below TLS %s', async (_name, open) => {
    expect(await onlyError(open())).toMatchObject(REFUSED)
    expect(received).toBe('')
  })

  test('below TLS, connected already', async () => {
    const socket = connectElsewhere()
    await once(socket, 'connect')
    const secure = tls.connect({ socket, servername: 'DISCORD.COM.' })
    expect(await onlyError(secure)).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
    expect([socket.destroyed, received]).toEqual([true, ''])
  })

  test('below TLS, where it was sent past the proxy by choice once and is connected again', async () => {
    const socket = installed.bypass(connectElsewhere)
    await once(socket, 'connect')
    socket.destroy()
    await once(socket, 'close')
    socket.connect(elsewhere())
    expect(await onlyError(tls.connect({ socket, servername: 'discord.com' }))).toMatchObject(REFUSED)
    expect(received).toBe('')
  })

  test('below TLS, connected before the installation', async () => {
    installed.stop()
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    installed = lab.transport.install({ loopback: 'proxy' })
    const secure = tls.connect({ socket, servername: 'discord.com' })
    expect(await onlyError(secure)).toMatchObject(REFUSED)
    expect(received).toBe('')
  })

  test.each<[string, () => RequestOptions]>([
    ['a plain socket', () => ({ createConnection: connectElsewhere })],
    [
      'TLS',
      () => ({
        createConnection: () => tls.connect({ socket: connectElsewhere(), servername: 'discord.com' }),
      }),
    ],
    ['TLS without a name', () => ({ createConnection: () => tls.connect(elsewhere()) })],
  ])('that createConnection of a request gives: %s', async (_name, options) => {
    expect(await onlyError(get(options()))).toMatchObject(REFUSED)
    expect(received).not.toContain('GET')
  })

  test('that createConnection of a request gives, and is closed', async () => {
    const socket = connectElsewhere()
    expect(await onlyError(get({ createConnection: () => socket }))).toMatchObject(REFUSED)
    expect(socket.destroyed).toBe(true)
  })

  test.each<[string, string, () => Duplex]>([
    ['https', 'TLS', () => tls.connect({ socket: connectElsewhere(), servername: 'discord.com' })],
    ['https', 'TLS without a name', () => tls.connect(elsewhere())],
    ['http', 'a plain socket', connectElsewhere],
  ])('that createConnection of http2.connect() gives to %s: %s', async (scheme, _name, createConnection) => {
    const session = http2.connect(`${scheme}://discord.com`, { createConnection })
    const target = scheme === 'https' ? 'discord.com:443' : 'discord.com:80'
    expect(await onlyError(session)).toMatchObject({ code: 'ERR_ROUTE_REFUSED', target })
    expect(received).not.toContain('PRI *')
  })

  test('that an agent of agent-base 6 has opened through a proxy of its own', async () => {
    const agent = new HttpsProxyAgent({ ...elsewhere(), protocol: 'http:' })
    expect(await onlyError(get({ agent: agent as never }))).toMatchObject(REFUSED)
    expect(received).toMatch(/^CONNECT discord\.com:443 [^\x16]*$/)
  })

  test.each([
    ['6', undici6],
    ['7', undici7],
  ])('that a ProxyAgent of undici %s has opened through a proxy of its own', async (_version, undici) => {
    const dispatcher = new undici.ProxyAgent({
      uri: `http://elsewhere.example:${port}`,
      proxyTls: { lookup } as never,
    })
    await expect(undici.request(USERS_ME, { dispatcher } as never)).rejects.toMatchObject(REFUSED)
    expect(received).toMatch(/^CONNECT discord\.com:443 [^\x16]*$/)
    await dispatcher.destroy()
  })
})

describe.each([
  ['6', undici6],
  ['7', undici7],
] as const)('The option `connect` of an Agent of undici %s', (_version, undici) => {
  const agentOver = (open: () => Socket): undici7.Agent => {
    const agent = new undici.Agent({
      connect: (_options: unknown, callback: (error: Error | null, socket?: Socket) => void) => {
        const socket = open()
        socket.once('connect', () => callback(null, socket)).once('error', callback)
      },
    } as never)
    onTestFinished(() => agent.destroy())
    return agent as never
  }

  test('gives no socket that leads past the proxy', async () => {
    const dispatcher = agentOver(connectElsewhere)
    const asked = undici.request('http://discord.com/', { dispatcher } as never)
    await expect(asked).rejects.toMatchObject({ code: 'ERR_ROUTE_REFUSED', target: 'discord.com:80' })
    expect(received).toBe('')
  })

  test('gives one that takes the proxy, and one to this host', async () => {
    const ofTunnel = agentOver(() => net.connect(80, 'discord.com'))
    const asked = undici.request('http://discord.com/', { dispatcher: ofTunnel } as never)
    await expect(asked).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' })
    const toThisHost = agentOver(() => net.connect(port, '127.0.0.1'))
    void undici.request('http://discord.com/', { dispatcher: toThisHost } as never).catch(() => undefined)
    await expect.poll(() => received).toContain('GET / HTTP/1.1')
  })
})

describe('A socket is left to the program', () => {
  const overTls = (socket: Duplex, servername = 'discord.com'): void => {
    const secure = tls.connect({ socket, servername })
    secure.on('error', () => undefined)
    onTestFinished(() => void secure.destroy())
  }

  test.each<[string, () => void]>([
    ['to this host', () => overTls(net.connect(port, '127.0.0.1'))],
    ['for another name', () => overTls(connectElsewhere(), 'other.example')],
    ['inside of bypass()', () => installed.bypass(() => overTls(connectElsewhere()))],
    ['opened inside of bypass()', () => overTls(installed.bypass(connectElsewhere))],
    [
      'after stop()',
      () => {
        const socket = connectElsewhere()
        installed.stop()
        overTls(socket)
      },
    ],
  ])('%s', async (_name, open) => {
    open()
    // The first record of a TLS handshake.
    await expect.poll(() => received).toContain('\x16\x03')
  })

  test('that bypassPolicy, noProxy or sockets: direct sends past the proxy', async () => {
    for (const options of [
      { bypassPolicy: () => true },
      { noProxy: ['discord.com'] },
      { sockets: 'direct' as const },
    ]) {
      installed.stop()
      received = ''
      installed = lab.transport.install(options)
      overTls(connectElsewhere())
      await expect.poll(() => received).toContain('\x16\x03')
    }
  })

  test('that a program has led through the proxy itself, by CONNECT', async () => {
    installed.stop()
    const socket = net.connect(lab.proxy.port, '127.0.0.1')
    socket.write('CONNECT discord.com:443 HTTP/1.1\r\nHost: discord.com:443\r\n\r\n')
    await once(socket, 'data')
    installed = lab.transport.install({ loopback: 'proxy' })
    const secure = tls.connect({ socket, servername: 'discord.com', ca: lab.discord.ca })
    await once(secure, 'secureConnect')
    secure.destroy()
    expect(lab.proxy.connections).toHaveLength(1)
  })

  test('that is a tunnel, also where createConnection gives it', async () => {
    const socket = net.connect(443, 'discord.com')
    const secure = tls.connect({ socket, servername: 'discord.com', ca: lab.discord.ca })
    const [response] = (await once(get({ createConnection: () => secure }), 'response')) as [IncomingMessage]
    expect(JSON.parse(await text(response))).toMatchObject({ id: lab.discord.user.id })
    secure.destroy()
    expect(received).toBe('')
  })
})
