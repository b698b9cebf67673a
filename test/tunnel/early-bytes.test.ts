import { once } from 'node:events'
import http from 'node:http'
import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDiscordTransport, validateProxy, type DiscordTransport } from '../../src/index.js'
import { failureOf, getByAgent, getByDispatcher, getByFetch, helloByWebSocket } from '../support/faces.js'
import { startLab } from '../support/lab.js'

/** A request fails with the first connection; one more is allowed where the first was lost before its use. */
const MOST_CONNECTIONS = 2

interface RawProxy {
  readonly url: string
  readonly connections: () => number
}

/** A proxy of a few lines, for answers that no real proxy gives. */
async function startRawProxy(serve: (socket: Socket) => void): Promise<RawProxy> {
  let count = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    count += 1
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    if (server.listening) await once(server, 'close')
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, connections: () => count }
}

function transportAt(proxy: string): DiscordTransport {
  const transport = createDiscordTransport({ proxy, env: {}, keepWarm: false, delivery: false })
  onTestFinished(() => transport.close())
  return transport
}

const GET = {
  fetch: getByFetch,
  dispatcher: getByDispatcher,
  agent: (transport: DiscordTransport, url: string) =>
    new Promise<unknown>((resolve, reject) => {
      http.get(url, { agent: transport.agent }, resolve).once('error', reject)
    }),
}
const FACES = Object.entries(GET)

describe.each(FACES)('on %s', (_face, get) => {
  test.each([
    ['five bytes of its own', (socket: Socket) => void socket.write('hello')],
    ['five bytes of its own and its end', (socket: Socket) => void socket.end('hello')],
    ['its end', (socket: Socket) => void socket.end()],
    ['a reset', (socket: Socket) => void socket.resetAndDestroy()],
  ])('a proxy that greets each connection with %s gets a bounded number of them', async (_what, serve) => {
    const proxy = await startRawProxy(serve)
    await failureOf(get(transportAt(proxy.url), 'http://plain.lab/'))
    expect(proxy.connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
  })

  test.each(['socks5', 'socks4a'] as const)(
    'bytes that a %s proxy sends into a tunnel to an http:// destination are its error',
    async (scheme) => {
      const { transport, proxy, names } = await startLab({
        scheme,
        fault: { kind: 'trailing', bytes: 'hello' },
      })
      names.add('plain.lab', 80, { host: '127.0.0.1', port: await discardPort() })
      const error = await failureOf(get(transport, 'http://plain.lab/'))
      expect(error).toMatchObject({ code: 'ERR_PROXY_PROTOCOL', phase: 'tunnel', sent: 'no' })
      expect(error.message).toContain('5 bytes')
      expect(proxy.connections).toHaveLength(1)
    },
  )
})

test.each(FACES)(
  'on %s a destination that greets each tunnel with bytes gets a bounded number of them',
  async (_face, get) => {
    const greeter = await startRawProxy((socket) => void socket.write('hello'))
    const { transport, proxy, names } = await startLab({ scheme: 'socks5' })
    names.add('plain.lab', 80, { host: '127.0.0.1', port: Number(new URL(greeter.url).port) })
    const { code } = await failureOf(get(transport, 'http://plain.lab/'))
    // In one segment with the answer of the proxy, or in the next one.
    expect(['ERR_PROXY_PROTOCOL', 'ERR_CONNECTION_LOST']).toContain(code)
    expect(proxy.connections.length).toBeLessThanOrEqual(MOST_CONNECTIONS)
  },
)

test.each(FACES)(
  'on %s a proxy that ends each tunnel as it opens it gets a bounded number of them',
  async (_face, get) => {
    const granted = Buffer.from([0, 90, 0, 0, 0, 0, 0, 0])
    const proxy = await startRawProxy((socket) => socket.once('data', () => socket.end(granted)))
    const transport = transportAt(proxy.url.replace('http:', 'socks4a:'))
    await failureOf(get(transport, 'http://plain.lab/'))
    expect(proxy.connections()).toBeLessThanOrEqual(MOST_CONNECTIONS)
  },
)

test('bytes behind the answer to CONNECT are an error of the proxy for a ws:// destination', async () => {
  const { transport, proxy, names } = await startLab({ fault: { kind: 'trailing', bytes: 'hello' } })
  names.add('plain.lab', 80, { host: '127.0.0.1', port: await discardPort() })
  const error = await failureOf(helloByWebSocket(transport, {}, 'ws://plain.lab/'))
  expect(error).toMatchObject({ code: 'ERR_PROXY_PROTOCOL', phase: 'tunnel' })
  expect(proxy.connections).toHaveLength(1)
})

/** A server that reads and says nothing. */
async function discardPort(): Promise<number> {
  const proxy = await startRawProxy((socket) => void socket.resume())
  return Number(new URL(proxy.url).port)
}

test('bytes behind the answer to CONNECT are an error of the proxy for an https:// destination', async () => {
  const proxy = await startRawProxy((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'))
  })
  const transport = transportAt(proxy.url)
  for (const get of [getByAgent, getByFetch, getByDispatcher]) {
    const error = await failureOf(get(transport, 'https://discord.com/'))
    expect(error).toMatchObject({ code: 'ERR_PROXY_PROTOCOL', phase: 'tunnel' })
  }
  expect(proxy.connections()).toBe(3)
})

test('validate asks such a proxy once for each of its questions', async () => {
  const proxy = await startRawProxy((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'))
  })
  await validateProxy({
    proxyUrl: proxy.url,
    env: {},
    allowedUrls: ['http://plain.lab/'],
    deniedUrls: [],
    timeoutMs: 2_000,
  })
  // By CONNECT and by a plain request, each with one repetition at the most.
  expect(proxy.connections()).toBeLessThanOrEqual(2 * MOST_CONNECTIONS)
})
