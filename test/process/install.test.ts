import dgram from 'node:dgram'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import * as undici7 from 'undici'
import * as undici6 from 'undici-6'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { TransportError, type BypassRequest, type InstallOptions } from '../../src/index.js'
import { labAuthority } from '../lab/certificates.js'
import { startLab, USERS_ME, type Lab } from '../support/lab.js'

/** The proxy of the lab runs in this process too: one for SOCKS connects to this host by net.connect(). */
const HERE = { scope: 'all', loopback: 'proxy', sockets: 'direct' } as const

/** A server on this host, which the lab's proxy also finds under a name. */
async function startSite({ names }: Lab, host = 'site.example'): Promise<{ url: string; authority: string }> {
  const server = http.createServer((request, response) => response.end(`answer to ${request.url ?? ''}`))
  const webSockets = new WebSocketServer({ server })
  webSockets.on('connection', (socket) => socket.send('hello'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  names.add(host, 80, { host: '127.0.0.1', port })
  names.add('127.0.0.1', port, { host: '127.0.0.1', port })
  return { url: `http://127.0.0.1:${port}/`, authority: `127.0.0.1:${port}` }
}

function get(url: string, options: https.RequestOptions = {}): Promise<IncomingMessage> {
  const { get: send } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => send(url, options, resolve).on('error', reject))
}

async function failure(attempt: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const named: unknown = error instanceof TransportError || !(error instanceof Error) ? error : error.cause
  if (named instanceof TransportError) return named
  throw new Error('no TransportError', { cause: error })
}

describe('install() checks its options', () => {
  const bad: readonly (readonly [name: string, options: unknown])[] = [
    ['scope', { scope: 'everything' }],
    ['loopback', { loopback: true }],
    ['sockets', { sockets: 'refuse' }],
    ['udp', { udp: 'proxy' }],
    ['noProxy', { noProxy: [1] }],
    ['children', { children: 'yes' }],
    ['environment', { environment: 'set' }],
    ['bypassPolicy', { bypassPolicy: [] }],
    ['did you mean scope', { scpoe: 'all' }],
    ['must be an object', 'all'],
  ]
  test.each(bad)('and names %s', async (name, options) => {
    const { transport } = await startLab()
    const install = (): unknown => transport.install(options as InstallOptions)
    expect(install).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTIONS' }))
    expect(install).toThrow(name)
  })
})

describe('the scope', () => {
  test.each([
    'https://discord.com/',
    'https://DISCORD.com./',
    'wss://gateway-us-east1-b.discord.gg/',
    'https://cdn.discordapp.com/',
    'wss://rotterdam1234.discord.media/',
    'https://discord-attachments-uploads-prd.storage.googleapis.com/',
  ])('discord has %s in it', async (url) => {
    const { transport } = await startLab()
    expect(transport.install().explain(url)).toMatchObject({
      route: 'proxy',
      reason: 'the proxy option is set',
    })
  })

  test.each(['https://example.com/', 'https://notdiscord.com/', 'https://discord.com.example.com/'])(
    'discord has %s not in it, and all has it',
    async (url) => {
      const { transport } = await startLab()
      const outside = { route: 'direct', reason: 'it is outside the scope', proxy: null }
      const narrow = transport.install()
      expect(narrow.explain(url)).toMatchObject(outside)
      narrow.stop()
      expect(transport.install({ scope: 'all' }).explain(url)).toMatchObject({ route: 'proxy' })
    },
  )

  test('explain() says the surface, and that a stopped installation does nothing', async () => {
    const { transport } = await startLab()
    const installed = transport.install({ sockets: 'block' })
    expect(installed.explain('wss://gateway.discord.gg/')).toMatchObject({
      surface: 'websocket',
      route: 'proxy',
    })
    expect(installed.explain('https://discord.com/', { surface: 'tls' })).toMatchObject({
      surface: 'tls',
      route: 'refused',
      reason: "sockets: 'block'",
    })
    expect(installed.explain('ftp://discord.com/')).toMatchObject({ route: 'direct' })
    installed.stop()
    expect(installed.explain('https://discord.com/')).toMatchObject({
      route: 'direct',
      reason: 'the installation has been stopped',
    })
  })
})

describe('what goes past the proxy', () => {
  test('bypass() holds in what it starts, and not for concurrent callers', async () => {
    const { transport } = await startLab()
    const installed = transport.install()
    const where = (): string => installed.explain(USERS_ME).reason
    const inside = installed.bypass(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return where()
    })
    expect(where()).toBe('the proxy option is set')
    expect(await inside).toBe('bypass() is around it')
    expect(where()).toBe('the proxy option is set')
    expect(installed.bypass(() => 7)).toBe(7)
  })

  test('bypass() and bypassPolicy send a request direct, by node:http, fetch and ws', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    const { url, authority } = await startSite(lab)
    const asked: BypassRequest[] = []
    const installed = lab.transport.install({
      ...HERE,
      bypassPolicy: (request) => {
        asked.push(request)
        return new URL(request.url).searchParams.has('direct')
      },
    })
    expect(await text(await get(`${url}?direct`))).toBe('answer to /?direct')
    expect(await (await fetch(`${url}?direct`)).text()).toBe('answer to /?direct')
    expect(lab.proxy.connections).toHaveLength(0)
    await installed.bypass(async () => expect((await fetch(url)).status).toBe(200))
    expect(lab.proxy.connections).toHaveLength(0)
    expect(await (await fetch(url)).text()).toBe('answer to /')
    expect(lab.proxy.connections.length).toBeGreaterThan(0)
    const socket = new WebSocket(`ws://${authority}/`)
    await once(socket, 'message')
    socket.terminate()
    // Those of the lab's proxy.
    const ofOthers = asked.filter(({ surface }) => surface !== 'net')
    expect(ofOthers).toEqual([
      { surface: 'http', url: `${url}?direct` },
      { surface: 'fetch', url: `${url}?direct` },
      { surface: 'fetch', url },
      { surface: 'websocket', url: `ws://${authority}` },
    ])
  })

  test('nothing, where bypassPolicy returns a promise or throws', async () => {
    const { transport } = await startLab()
    const never = (): never => {
      throw new Error('of the policy')
    }
    const lenient = transport.install({ bypassPolicy: (() => Promise.resolve(true)) as never })
    expect(lenient.explain(USERS_ME).route).toBe('proxy')
    lenient.stop()
    transport.install({ bypassPolicy: never })
    expect(await failure(fetch(USERS_ME))).toMatchObject({ code: 'ERR_ROUTE_REFUSED', sent: 'no' })
    expect(await failure(get(USERS_ME))).toMatchObject({ code: 'ERR_ROUTE_REFUSED', retryable: false })
  })

  test('a destination of noProxy: of the transport, or of the installation in its place', async () => {
    const { createTransport } = await startLab()
    const transport = createTransport({ noProxy: ['discord.gg'] })
    const first = transport.install()
    expect(first.explain('https://discord.gg/')).toMatchObject({
      route: 'direct',
      reason: 'noProxy entry discord.gg matches',
    })
    first.stop()
    const second = transport.install({ noProxy: ['discord.com'] })
    expect(second.explain('https://discord.gg/').route).toBe('proxy')
    expect(second.explain(USERS_ME).route).toBe('direct')
    second.stop()
    expect(transport.install({ noProxy: false }).explain('https://discord.gg/').route).toBe('proxy')
  })

  test('loopback is direct, by the proxy, or refused', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    const { url } = await startSite(lab)
    for (const [loopback, connections] of [
      ['direct', 0],
      ['proxy', 1],
    ] as const) {
      const installed = lab.transport.install({ ...HERE, loopback })
      expect(await text(await get(url))).toBe('answer to /')
      expect(lab.proxy.connections).toHaveLength(connections)
      installed.stop()
    }
    lab.transport.install({ ...HERE, loopback: 'block' })
    for (const attempt of [get(url), fetch(url)])
      expect(await failure(attempt)).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
  })

  test('loopback is each way to write an address of this host, and no other address', async () => {
    const { transport } = await startLab()
    const installed = transport.install({ scope: 'all', loopback: 'block' })
    const hosts = ['localhost', 'bot.localhost', '127.0.0.1', '127.1', '0.0.0.0', '[::1]', '[::]']
    for (const host of [...hosts, '[::ffff:127.0.0.1]', '[::ffff:127.255.0.9]', '[::ffff:0.0.0.0]'])
      expect([host, installed.explain(`http://${host}/`).route]).toEqual([host, 'refused'])
    for (const host of ['127.example', '128.0.0.1', '[::2]', '[::ffff:128.0.0.1]', '[::7f00:1]'])
      expect([host, installed.explain(`http://${host}/`).route]).toEqual([host, 'proxy'])
  })
})

describe('http:// URLs', () => {
  test('are sent in absolute form, as one request on one connection', async () => {
    const lab = await startLab()
    await startSite(lab)
    lab.transport.install({ scope: 'all' })
    expect(await text(await get('http://site.example//double'))).toBe('answer to //double')
    expect(lab.proxy.connections).toHaveLength(1)
  })

  test('take HTTP_PROXY where the URL is that of HTTPS_PROXY, and a bypass list counts', async () => {
    const lab = await startLab()
    await startSite(lab)
    const plain = await lab.startProxy({ scheme: 'http' })
    const env = { HTTPS_PROXY: lab.proxy.url, HTTP_PROXY: plain.url, NO_PROXY: 'direct.example' }
    const installed = lab.createTransport({ env }).install({ scope: 'all' })
    expect(await text(await get('http://site.example/'))).toBe('answer to /')
    expect(await (await fetch('http://site.example/')).text()).toBe('answer to /')
    expect([lab.proxy.connections.length, plain.connections.length > 0]).toEqual([0, true])
    expect(installed.explain('http://site.example/')).toMatchObject({
      proxy: { port: plain.port, source: 'HTTP_PROXY' },
    })
    expect(installed.explain('https://site.example/')).toMatchObject({ proxy: { port: lab.proxy.port } })
    expect(installed.explain('http://direct.example/').route).toBe('direct')
    installed.stop()
    for (const options of [
      { env: { ...env, OPENCLAW_PROXY_URL: lab.proxy.url } },
      { env, proxy: lab.proxy.url },
    ]) {
      const explicit = lab.createTransport(options).install({ scope: 'all' })
      expect(explicit.explain('http://site.example/')).toMatchObject({ proxy: { port: lab.proxy.port } })
      explicit.stop()
    }
  })
})

describe('a request', () => {
  test('times out while its tunnel is opened', async () => {
    const { transport, proxy } = await startLab({ fault: { kind: 'tunnel-silence' } })
    transport.install()
    const request = https.get(USERS_ME, { timeout: 50, agent: new https.Agent() })
    await once(request, 'timeout')
    // On a busy machine the dial takes longer than the time limit of the request.
    await proxy.waitForConnection()
    request.destroy(new Error('late'))
    await expect(once(request, 'close')).rejects.toThrow('late')
  })

  test('has its own TLS options inside of the tunnel', async () => {
    const { createTransport, discord, headers } = await startLab()
    createTransport({ tls: {} }).install()
    expect((await failure(get(USERS_ME, { headers }))).code).toBe('ERR_TARGET_TLS')
    const agent = new https.Agent({ ca: discord.ca })
    expect((await get(USERS_ME, { headers, agent })).statusCode).toBe(200)
    const wrong = new https.Agent({ ca: discord.ca, servername: 'elsewhere.example' })
    expect((await failure(get(USERS_ME, { headers, agent: wrong }))).code).toBe('ERR_TARGET_TLS')
    const socket = tls.connect({ host: 'discord.com', port: 443, servername: 'discord.com', ca: discord.ca })
    await once(socket, 'secureConnect')
    socket.destroy()
  })

  test('shares tunnels: 20 of https.get take less than 20', async () => {
    const { transport, proxy, headers } = await startLab()
    transport.install()
    for (let round = 0; round < 20; round++) await text(await get(USERS_ME, { headers }))
    expect(proxy.connections).toHaveLength(1)
  })
})

describe('stop()', () => {
  const state = (): readonly unknown[] => [
    Object.getOwnPropertyDescriptors(globalThis).fetch,
    ...[
      http.Agent.prototype,
      http.ClientRequest.prototype,
      net,
      tls,
      net.Socket.prototype,
      net.Server.prototype,
      dgram.Socket.prototype,
    ].map((target) => Object.getOwnPropertyDescriptors(target)),
    Object.getOwnPropertyDescriptor(globalThis, Symbol.for('undici.globalDispatcher.1')),
    Object.getOwnPropertyDescriptor(globalThis, Symbol.for('undici.globalDispatcher.2')),
  ]

  test('puts every descriptor back, and may be called again', async () => {
    const { transport } = await startLab()
    const before = state()
    const installed = transport.install()
    expect(state()).not.toEqual(before)
    installed.stop()
    expect(installed.active).toBe(false)
    expect(state()).toEqual(before)
    expect(() => installed.stop()).not.toThrow()
    {
      using scoped = transport.install()
      expect(scoped.active).toBe(true)
    }
    expect(state()).toEqual(before)
  })

  test('leaves what other code has put over a hook, which then passes requests on', async () => {
    const lab = await startLab()
    const { url } = await startSite(lab)
    const { transport } = lab
    const { get: before } = https
    const installed = transport.install({ ...HERE })
    const { fetch: hooked } = globalThis
    const wrapped: typeof fetch = (input, init) => hooked(input, init)
    globalThis.fetch = wrapped
    expect(installed.replacedHooks()).toEqual(['fetch'])
    installed.stop()
    expect(globalThis.fetch).toBe(wrapped)
    expect(await (await fetch(url)).text()).toBe('answer to /')
    expect(lab.proxy.connections).toHaveLength(0)
    expect(https.get).toBe(before)
    const next = transport.install()
    next.stop()
    globalThis.fetch = builtInFetch
  })

  test('is called by close()', async () => {
    const { transport } = await startLab()
    const installed = transport.install()
    await transport.close()
    expect(installed.active).toBe(false)
    expect(() => transport.install()).toThrow(expect.objectContaining({ code: 'ERR_TRANSPORT_CLOSED' }))
  })
})

const builtInFetch = globalThis.fetch

describe('UDP', () => {
  const DISCOVERY = Buffer.concat([Buffer.from([0, 1, 0, 70]), Buffer.alloc(70)])

  async function startVoice({ names, ca }: Lab): Promise<{ port: number }> {
    const { cert, key } = await ca.issue(['voice1.discord.media'])
    const server = https.createServer({ cert, key })
    const webSockets = new WebSocketServer({ server })
    const udp = dgram.createSocket('udp4')
    await once(udp.bind(0, '127.0.0.1'), 'listening')
    const { port } = udp.address()
    webSockets.on('connection', (socket) =>
      socket.send(JSON.stringify({ op: 2, d: { ssrc: 1, ip: '127.0.0.1', port, modes: [] } })),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    names.add('voice1.discord.media', 443, {
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
    })
    onTestFinished(async () => {
      udp.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return { port }
  }

  const sent = (message: NodeJS.ArrayBufferView | Buffer[], port: number): Promise<unknown> => {
    const socket = dgram.createSocket('udp4')
    onTestFinished(() => void socket.close())
    return new Promise((resolve) => socket.send(message, port, '127.0.0.1', resolve))
  }

  /** Each receives one message from a URL. */
  const RECEIVERS: readonly (readonly [client: string, receive: (url: string) => Promise<void>])[] = [
    [
      'ws',
      async (url) => {
        const socket = new WebSocket(url, { ca: (await labAuthority()).certificate })
        await once(socket, 'message')
        socket.terminate()
      },
    ],
    ...[undici6, undici7].map(
      (undici, index) =>
        [
          `the WebSocket of undici ${index + 6}`,
          async (url: string) => {
            const socket = new undici.WebSocket(url)
            await once(socket, 'message')
            socket.close()
          },
        ] as const,
    ),
  ]

  test.each(RECEIVERS)('to a voice server is refused: as READY names it to %s', async (_client, receive) => {
    const lab = await startLab()
    const { port } = await startVoice(lab)
    const installed = lab.transport.install()
    expect(await sent(Buffer.from('audio'), port)).toBeNull()
    await receive('wss://voice1.discord.media/?v=8')
    expect(lab.proxy.connections).toHaveLength(1)
    expect(await sent(Buffer.from('audio'), port)).toMatchObject({
      code: 'ERR_ROUTE_REFUSED',
      target: `127.0.0.1:${port}`,
      hint: expect.stringContaining("udp: 'direct'") as string,
    })
    expect(await sent(Buffer.from('other'), port === 65_535 ? port - 1 : port + 1)).toBeNull()
    const connected = dgram.createSocket('udp4')
    connected.connect(port, '127.0.0.1')
    expect(await once(connected, 'error')).toMatchObject([{ code: 'ERR_ROUTE_REFUSED' }])
    connected.close()
    installed.stop()
    expect(await sent(Buffer.from('audio'), port)).toBeNull()
  })

  test('to a voice server is refused: as IP discovery shows it, and allowed by udp: direct', async () => {
    const { transport } = await startLab()
    const installed = transport.install()
    expect(await sent(DISCOVERY, 50_001)).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
    const copy = Uint8Array.from(DISCOVERY).buffer
    for (const form of [new DataView(copy), [DISCOVERY.subarray(0, 9), DISCOVERY.subarray(9)]])
      expect(await sent(form, 50_003)).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
    const part = dgram.createSocket('udp4')
    const padded = Buffer.concat([Buffer.alloc(5), DISCOVERY])
    const refused = new Promise((resolve) => part.send(padded, 5, 74, 50_004, '127.0.0.1', resolve))
    expect(await refused).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
    part.connect(50_005, '127.0.0.1')
    await once(part, 'connect')
    const refusedAgain = new Promise((resolve) => part.send(padded, 5, 74, resolve))
    expect(await refusedAgain).toMatchObject({ code: 'ERR_ROUTE_REFUSED', target: '127.0.0.1:50005' })
    part.close()
    expect(await sent(Buffer.from('audio'), 50_001)).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
    expect(await sent(Buffer.from('audio'), 50_002)).toBeNull()
    installed.stop()
    transport.install({ udp: 'direct' })
    expect(await sent(DISCOVERY, 50_001)).toBeNull()
  })
})
