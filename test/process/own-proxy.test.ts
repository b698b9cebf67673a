import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createDiscordTransport, type DiscordTransport } from '../../src/index.js'

/** Counts what it accepts; everything is closed when the test has finished. */
async function listen(server: Server): Promise<{ port: number; accepted: () => number }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, accepted: () => sockets.size }
}

async function startSite(): Promise<number> {
  const { port } = await listen(http.createServer((_request, response) => response.end('of the site')))
  return port
}

/** Captured before any installation, as a program captures it that starts its proxy first. */
const { request: forward } = http

/** Forwards requests in absolute form, and decides about a tunnel when it sees the first bytes in it. */
function httpProxy(): http.Server {
  const proxy = http.createServer((incoming, response) => {
    const outgoing = forward(incoming.url ?? '', { headers: incoming.headers, agent: new http.Agent() })
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502)
      answer.pipe(response)
    })
    outgoing.on('error', (error) => response.writeHead(502).end(error.message))
    incoming.pipe(outgoing)
  })
  proxy.on('connect', ({ url = '' }, socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    socket.once('data', (chunk: Buffer) => join(socket, new URL(`http://${url}`).port, chunk))
  })
  return proxy
}

function join(socket: Socket, port: number | string, first?: Buffer): void {
  const upstream = net.connect(Number(port), '127.0.0.1', () => {
    if (first !== undefined) upstream.write(first)
    socket.pipe(upstream).pipe(socket)
  })
  upstream.on('error', () => socket.destroy())
  socket.on('error', () => upstream.destroy())
}

/** SOCKS5 to an IPv4 address, without authentication (RFC 1928). */
function socksProxy(): Server {
  return net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]))
      socket.once('data', (request: Buffer) => {
        socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
        join(socket, request.readUInt16BE(request.length - 2))
      })
    })
  })
}

/** It opens its second leg at once, when the client may still be connecting. */
function forwarder(port: number): Server {
  return net.createServer({ allowHalfOpen: true }, (socket) => join(socket, port))
}

function createTransport(proxy: string): DiscordTransport {
  const transport = createDiscordTransport({ proxy, env: {}, keepWarm: false })
  onTestFinished(() => transport.close())
  return transport
}

async function ask(port: number): Promise<string[]> {
  const url = `http://127.0.0.1:${port}/`
  const [response] = (await once(http.get(url, { agent: new http.Agent() }), 'response')) as [
    http.IncomingMessage,
  ]
  const socket = net.connect(port, '127.0.0.1')
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  return [await text(response), await (await fetch(url)).text(), (await text(socket)).slice(-11)]
}

const PROXIES = [
  ['http', httpProxy],
  ['socks5', socksProxy],
] as const
const ANSWERS = ['of the site', 'of the site', 'of the site']

test.each(PROXIES)(
  'an %s proxy in this process connects to its destinations itself',
  async (scheme, make) => {
    const site = await startSite()
    const proxy = await listen(make())
    const installed = createTransport(`${scheme}://127.0.0.1:${proxy.port}`).install({
      scope: 'all',
      loopback: 'proxy',
    })
    expect(await ask(site)).toEqual(ANSWERS)
    expect(proxy.accepted()).toBeGreaterThanOrEqual(3)
    installed.stop()
  },
)

test('a port forwarder in this process connects to its proxy itself, when it accepts', async () => {
  const proxy = await listen(http.createServer(({ url }, response) => response.end(`asked for ${url ?? ''}`)))
  const front = await listen(forwarder(proxy.port))
  createTransport(`http://127.0.0.1:${front.port}`).install({ scope: 'all', loopback: 'proxy' })
  expect(await (await fetch('http://site.example/a')).text()).toBe('asked for http://site.example/a')
  expect([front.accepted(), proxy.accepted()]).toEqual([1, 1])
})

test.each(PROXIES)('an %s proxy behind the first one in this process does so too', async (scheme, make) => {
  const site = await startSite()
  const second = await listen(make())
  const first = await listen(forwarder(second.port))
  createTransport(`${scheme}://127.0.0.1:${first.port}`).install({ scope: 'all', loopback: 'proxy' })
  expect(await ask(site)).toEqual(ANSWERS)
  expect(second.accepted()).toBe(first.accepted())
})

test('a server in this process that a proxy in it leads to goes on taking the proxy', async () => {
  const site = await startSite()
  const proxy = await listen(httpProxy())
  const app = await listen(
    http.createServer((_request, response) => {
      http.get(`http://127.0.0.1:${site}/`, (answer) => answer.pipe(response))
    }),
  )
  createTransport(`http://127.0.0.1:${proxy.port}`).install({ scope: 'all', loopback: 'proxy' })
  expect(await (await fetch(`http://127.0.0.1:${app.port}/`)).text()).toBe('of the site')
  expect(proxy.accepted()).toBe(2)
})

test('a server in this process that is no proxy goes on taking the proxy', async () => {
  const site = await startSite()
  const proxy = await listen(httpProxy())
  const app = await listen(
    http.createServer((_request, response) => {
      http.get(`http://127.0.0.1:${site}/`, (answer) => answer.pipe(response))
    }),
  )
  const transport = createTransport(`http://127.0.0.1:${proxy.port}`)
  using installed = transport.install({ scope: 'all', loopback: 'proxy' })
  const asked = installed.bypass(() => fetch(`http://127.0.0.1:${app.port}/`))
  expect(await (await asked).text()).toBe('of the site')
  expect(proxy.accepted()).toBe(1)
})
