import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import * as undici from 'undici'
import * as undici6 from 'undici-6'
import { expect, onTestFinished, test } from 'vitest'
import { probePort } from '../../src/doctor/diagnose/port-probe.js'
import { watchPort } from '../../src/tunnel/proxies/port-watch.js'
import { startLab, USERS_ME, type Lab } from '../support/lab.js'

/** A server of plain TCP, which the lab's proxy finds as raw.example:7. */
async function startRaw({ names }: Lab, onSocket: (socket: Socket) => void): Promise<void> {
  const server = net.createServer({ allowHalfOpen: true }, onSocket)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  names.add('raw.example', 7, { host: '127.0.0.1', port: (server.address() as AddressInfo).port })
}

/** A site that answers with the Host header of each request; its port on this host. */
async function startSite(): Promise<number> {
  const site = http.createServer((request, response) => response.end(request.headers.host))
  await once(site.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => new Promise((resolve) => site.close(() => resolve())))
  return (site.address() as AddressInfo).port
}

async function ask(options: http.RequestOptions): Promise<string> {
  const request = http.get(options)
  const closed = new Promise((resolve) => request.once('close', resolve))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = await text(response)
  await closed
  return body
}

test('a request whose timeout is taken back waits for its tunnel', async () => {
  const { transport, proxy } = await startLab({ fault: { kind: 'tunnel-silence' } })
  transport.install()
  const request = https.get(USERS_ME, { timeout: 30 })
  const failed = once(request, 'error')
  let timeouts = 0
  request.on('timeout', () => (timeouts += 1))
  request.setTimeout(0)
  await proxy.waitForConnection()
  await new Promise((resolve) => setTimeout(resolve, 90))
  expect(timeouts).toBe(0)
  request.destroy(new Error('by the test'))
  expect(await failed).toMatchObject([{ message: 'by the test' }])
})

test.each([
  'evil.example\r\nProxy-Authorization: injected',
  'evil.example/path',
  'evil\thost.example',
  'user@evil.example',
  '[evil.example',
])('the host %j reaches no proxy', async (hostname) => {
  const { transport, proxy } = await startLab()
  transport.install({ scope: 'all' })
  const sent = https.get({ hostname, path: '/', headers: { host: 'safe.example' } })
  expect(await once(sent, 'error')).toMatchObject([{ code: 'ERR_TARGET_UNREACHABLE' }])
  expect(await once(net.connect(443, hostname), 'error')).toMatchObject([{ code: 'ERR_TARGET_UNREACHABLE' }])
  expect(proxy.connections).toHaveLength(0)
})

test('a host with its port, and a host in Unicode, are asked for as a proxy reads them', async () => {
  const lab = await startLab()
  const port = await startSite()
  lab.names.add('site.example', 8080, { host: '127.0.0.1', port })
  lab.names.add('xn--bcher-kva.example', 80, { host: '127.0.0.1', port })
  lab.transport.install({ scope: 'all' })
  expect(await ask({ host: 'site.example:8080' })).toBe('site.example:8080')
  expect(await ask({ host: 'bücher.example' })).toContain('cher')
})

test('a request to the proxy or to this host goes there itself, whatever its Host header names', async () => {
  const { createTransport, discord, names, headers: token } = await startLab()
  const port = await startSite()
  const proxyHost = 'proxy.example'
  createTransport({ proxy: `http://${proxyHost}:${port}` }).install()
  const lookup: LookupFunction = (_name, { all }, done) =>
    all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
  const headers = { host: 'discord.com' }
  for (const host of [proxyHost, '127.0.0.1', 'localhost'])
    expect(await ask({ host, port, lookup, headers })).toBe('discord.com')
  // Node takes the name for TLS from the header too.
  const path = new URL(USERS_ME).pathname
  const ofDiscord = {
    ...names.resolve('discord.com', 443),
    path,
    headers: { ...headers, ...token },
    ca: discord.ca,
  }
  const [response] = (await once(https.get(ofDiscord), 'response')) as [IncomingMessage]
  expect(JSON.parse(await text(response))).toMatchObject({ id: discord.user.id })
})

test('an address that the caller calls one of Discord takes the proxy, or is refused', async () => {
  const { transport, proxy } = await startLab()
  transport.install()
  const target = { host: '192.0.2.1', port: 443 }
  const servername = 'discord.com'
  const headers = { host: servername }
  for (const open of [() => tls.connect({ ...target, servername }), () => https.get({ ...target, headers })])
    expect(await once(open(), 'error')).toMatchObject([{ code: 'ERR_TARGET_UNREACHABLE' }])
  expect(proxy.connections).toHaveLength(2)
  // The agent of Node 20 connects past net.createConnection().
  const code: unknown = expect.stringMatching(/^ERR_(ROUTE_REFUSED|TARGET_UNREACHABLE)$/)
  expect(await once(http.get({ ...target, headers }), 'error')).toMatchObject([{ code }])
  const socket = new net.Socket().connect({ ...target, servername } as NetConnectOpts)
  expect(await once(socket, 'error')).toMatchObject([{ code: 'ERR_ROUTE_REFUSED' }])
})

test('undici with an Agent of its own, and a request without an agent, take HTTP_PROXY for http:// alone', async () => {
  const lab = await startLab()
  lab.names.add('site.example', 80, { host: '127.0.0.1', port: await startSite() })
  const installed = lab.createTransport({ env: { HTTP_PROXY: lab.proxy.url } }).install({ scope: 'all' })
  for (const { Agent, request } of [undici6, undici]) {
    const dispatcher = new Agent()
    const { body } = await request('http://site.example/', { dispatcher } as never)
    expect(await body.text()).toBe('site.example')
    await dispatcher.destroy()
  }
  const createConnection = (options: object): Socket => net.connect(options as NetConnectOpts)
  expect(await ask({ host: 'site.example', defaultPort: 80, createConnection })).toBe('site.example')
  expect(lab.proxy.connections).toHaveLength(3)
  expect(installed.explain('tcp://site.example:80').route).toBe('direct')
})

/** How many sockets keep this process running. */
const keptAlive = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

test.each([
  ['net.connect()', () => net.connect(443, 'discord.com')],
  ['tls.connect()', () => tls.connect(443, 'discord.com')],
])('unref() of a socket of %s holds for its tunnel, also before that is open', async (_name, open) => {
  const { transport } = await startLab()
  transport.install()
  const socket = open().unref()
  await once(socket, 'connect')
  const before = keptAlive()
  socket.ref()
  expect(keptAlive()).toBe(before + 1)
  socket.unref()
  expect(keptAlive()).toBe(before)
  socket.destroy()
})

test.each([
  ['net', () => net.connect(443, 'discord.com')],
  ['tls', () => tls.connect(443, 'discord.com')],
])('destroy() of a socket of node:%s that is still connecting ends its attempt', async (_name, open) => {
  const { createTransport, proxy } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
  createTransport({ connectTimeoutMs: 60_000 }).install()
  const socket = open()
  const { closed } = await proxy.waitForConnection()
  socket.destroy()
  await closed
})

test('the option timeout of net.connect() and tls.connect() counts from the start', async () => {
  const { transport } = await startLab({ fault: { kind: 'tunnel-silence' } })
  transport.install()
  const options = { host: 'discord.com', port: 443, timeout: 30 }
  for (const open of [() => net.connect(options), () => tls.connect(options)]) {
    const socket = open()
    await once(socket, 'timeout')
    socket.destroy()
  }
})

test('a port may be a string', async () => {
  const { transport, proxy } = await startLab()
  transport.install()
  const port = '443' as unknown as number
  const socket = net.connect(port, 'discord.com')
  await once(socket, 'connect')
  const secure = tls.connect(port, 'discord.com')
  await once(secure, 'secureConnect')
  expect(proxy.connections.map(({ target }) => target?.port)).toEqual([443, 443])
  socket.destroy()
  secure.destroy()
})

test('onread of net.connect() gets what arrives in the buffer of the caller, and can pause', async () => {
  const lab = await startLab()
  await startRaw(lab, (socket) => socket.end('abcdefgh'))
  lab.transport.install({ scope: 'all' })
  const seen: string[] = []
  const socket = net.connect({
    host: 'raw.example',
    port: 7,
    onread: {
      buffer: Buffer.alloc(3),
      callback: (length, buffer) => {
        seen.push(Buffer.from(buffer.subarray(0, length)).toString())
        if (seen.length === 1) setImmediate(() => socket.resume())
        return seen.length > 1
      },
    },
  })
  await once(socket, 'close')
  expect(seen).toEqual(['abc', 'def', 'gh'])
})

test('what has not been read when the tunnel closes is still there', async () => {
  const lab = await startLab()
  const closed = new Promise<void>((resolve) => {
    void startRaw(lab, (socket) => socket.end('all of it').once('close', () => resolve()))
  })
  lab.transport.install({ scope: 'all' })
  const socket = net.connect(7, 'raw.example')
  await once(socket, 'connect')
  socket.end()
  await closed
  await lab.proxy.waitForConnection()
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(await text(socket)).toBe('all of it')
})

test('a tunnel that nobody reads closes when both sides have ended, and can be reset', async () => {
  const lab = await startLab()
  const sockets: Socket[] = []
  await startRaw(lab, (socket) => sockets.push(socket.pipe(socket).on('error', () => undefined)))
  lab.transport.install({ scope: 'all' })
  const ended = net.connect(7, 'raw.example').end()
  await once(ended, 'close')
  const reset = net.connect(7, 'raw.example')
  await once(reset, 'connect')
  reset.resetAndDestroy()
  await once(reset, 'close')
})

test('a request over a UNIX socket is none of the installation, whatever its host', async () => {
  const { transport } = await startLab()
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-edges-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const socketPath = join(folder, 'site.sock')
  const site = http.createServer((_request, response) => response.end('of the path'))
  await once(site.listen(socketPath), 'listening')
  onTestFinished(() => new Promise((resolve) => site.close(() => resolve())))
  const connect = (_options: unknown, callback: (error: null, socket: Socket) => void): void => {
    const socket = net.connect(socketPath, () => callback(null, socket))
  }
  for (const options of [{}, { scope: 'all', sockets: 'block' }] as const) {
    const installed = transport.install({ ...options, loopback: 'block' })
    for (const host of ['localhost', 'discord.com']) {
      expect(await ask({ socketPath, host, agent: new http.Agent() })).toBe('of the path')
      for (const { Agent, request } of [undici6, undici])
        for (const way of [{ socketPath }, connect]) {
          const dispatcher = new Agent({ connect: way })
          const { body } = await request(`http://${host}/`, { dispatcher } as never)
          expect(await body.text()).toBe('of the path')
          await dispatcher.destroy()
        }
    }
    installed.stop()
  }
})

test('the looks at a port and the probes of a diagnosis do not take the proxy that they look at', async () => {
  const lab = await startLab()
  lab.transport.install({ scope: 'all', loopback: 'block', sockets: 'block' })
  await new Promise<void>((resolve) => watchPort({ host: '127.0.0.1', port: lab.proxy.port }, resolve))
  const endpoint = { protocol: 'http', host: '127.0.0.1', port: lab.proxy.port } as const
  const limit = AbortSignal.timeout(5_000)
  const probed = await probePort(endpoint, { host: 'discord.com', port: 443 }, limit)
  expect(probed.speaks).toEqual(['http'])
})
