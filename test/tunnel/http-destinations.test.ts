import { once } from 'node:events'
import http from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { DiscordTransport } from '../../src/index.js'
import { failureOf, getByDispatcher, getByFetch, helloByWebSocket } from '../support/faces.js'
import { startLab, type Lab, type LabOptions } from '../support/lab.js'

interface PlainLab extends Lab {
  readonly url: string
  /** What the destination got. */
  readonly received: { readonly headers: http.IncomingHttpHeaders; readonly body: string }[]
}

/** A lab with a plain HTTP server under a name that only the proxy knows. */
async function startPlainLab(options?: LabOptions): Promise<PlainLab> {
  const lab = await startLab(options)
  const received: PlainLab['received'] = []
  const server = http.createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body })
      if (request.url === '/denied') response.statusCode = 403
      if (request.url === '/squid-behind') {
        response.statusCode = 503
        response.setHeader('x-squid-error', 'ERR_CONNECT_FAIL 111')
        response.setHeader('via', '1.1 behind (squid)')
      }
      if (request.url === '/moved') {
        response.statusCode = 302
        response.setHeader('location', 'https://discord.com/api/v10/users/@me')
      }
      response.end(`${request.method ?? ''} ${request.url ?? ''} of ${request.headers.host ?? ''} ${body}`)
    })
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.send('{"op":10}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate()
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  lab.names.add('plain.lab', 80, { host: '127.0.0.1', port: address.port })
  lab.names.add('plain.lab', 8080, { host: '127.0.0.1', port: address.port })
  return { ...lab, received, url: 'http://plain.lab' }
}

interface Answer {
  readonly status: number
  readonly body: string
}

function getByPlainAgent(
  { agent }: DiscordTransport,
  url: string,
  method = 'GET',
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, method }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject)
    })
    request.once('error', reject)
    request.end(body)
  })
}

const FACES = Object.entries({ agent: getByPlainAgent, dispatcher: getByDispatcher, fetch: getByFetch })
const AUTH = { username: 'user', password: 'p@ss/w%rd' }
const BASIC = `Basic ${Buffer.from('user:p@ss/w%rd').toString('base64')}`

describe.each(FACES)('on %s an http:// destination', (_face, get) => {
  test.each(['http', 'https'] as const)(
    'is asked for in absolute-form at an %s proxy, on one connection, with credentials for the proxy alone',
    async (scheme) => {
      const { transport, proxy, url, received } = await startPlainLab({ scheme, auth: AUTH })
      for (let round = 0; round < 3; round++) {
        expect(await get(transport, `${url}/path?a=b`)).toEqual({
          status: 200,
          body: 'GET /path?a=b of plain.lab ',
        })
      }
      expect(proxy.connections).toHaveLength(1)
      const [connection] = proxy.connections
      expect(connection).toMatchObject({ forwarded: 3, established: false, authorization: BASIC })
      const heard = connection?.heard.toString('latin1') ?? ''
      expect(heard.match(/^GET http:\/\/plain\.lab\/path\?a=b HTTP\/1\.1\r$/gm)).toHaveLength(3)
      expect(heard.match(/^proxy-authorization: /gim)).toHaveLength(3)
      for (const { headers } of received) expect(headers).not.toHaveProperty('proxy-authorization')
    },
  )

  test('keeps its port in the request', async () => {
    const { transport, proxy, url } = await startPlainLab()
    expect((await get(transport, `${url}:8080/`)).body).toBe('GET / of plain.lab:8080 ')
    expect(proxy.connections[0]?.heard.toString('latin1')).toContain(
      'GET http://plain.lab:8080/ HTTP/1.1\r\n',
    )
  })

  test.each(['socks5', 'socks4a'] as const)('is reached by a tunnel at a %s proxy', async (scheme) => {
    const { transport, proxy, url } = await startPlainLab({ scheme })
    for (let round = 0; round < 2; round++) expect((await get(transport, `${url}/`)).status).toBe(200)
    expect(proxy.connections).toHaveLength(1)
    expect(proxy.connections[0]).toMatchObject({ forwarded: 0, established: true })
  })

  test("is reached by CONNECT with dns: 'local', so that the proxy gets an address", async () => {
    const { createTransport, proxy, names } = await startPlainLab()
    const port = names.resolve('plain.lab', 80)?.port ?? 0
    names.add('127.0.0.1', port, { host: '127.0.0.1', port })
    const transport = createTransport({ dns: 'local' })
    expect((await get(transport, `http://127.0.0.1:${port}/`)).status).toBe(200)
    expect(proxy.connections[0]).toMatchObject({ forwarded: 0, established: true })
  })

  test('gets the header that the function proxyAuthorization returns', async () => {
    const { createTransport, proxy, url } = await startPlainLab({ auth: { authorization: 'Bearer one' } })
    const transport = createTransport({
      proxy: proxy.urlWithoutCredentials,
      proxyAuthorization: () => Promise.resolve('Bearer one'),
    })
    expect((await get(transport, `${url}/`)).status).toBe(200)
    expect(proxy.connections[0]?.authorization).toBe('Bearer one')
  })

  test('a 407 is the failure of the proxy, of which nothing was sent', async () => {
    const { createTransport, proxy, url, received } = await startPlainLab({ auth: AUTH })
    const transport = createTransport({ proxy: proxy.urlWithoutCredentials })
    expect(await failureOf(get(transport, `${url}/`))).toMatchObject({
      code: 'ERR_PROXY_AUTH',
      phase: 'proxy-auth',
      target: 'plain.lab:80',
      retryable: false,
      sent: 'no',
    })
    expect(received).toEqual([])
  })

  test('a 407 moves the next requests on to the next proxy of a list', async () => {
    const { createTransport, startProxy, proxy, url } = await startPlainLab({ auth: AUTH })
    const second = await startProxy({ scheme: 'http' })
    const transport = createTransport({ proxy: [proxy.urlWithoutCredentials, second.url] })
    expect(await failureOf(get(transport, `${url}/`))).toMatchObject({ code: 'ERR_PROXY_AUTH', sent: 'no' })
    expect((await get(transport, `${url}/`)).status).toBe(200)
    expect((await get(transport, `${url}/`)).status).toBe(200)
    expect(proxy.connections).toHaveLength(1)
    expect(second.connections.length).toBeGreaterThan(0)
    await helloByWebSocket(transport)
    // Half a second later it is tried in the background too.
    expect(proxy.connections[1]?.target?.host).toBe('gateway.discord.gg')
  })

  test('an answer that squid marks as its own is the failure of the proxy', async () => {
    const { transport, proxy } = await startPlainLab()
    expect(await failureOf(get(transport, 'http://unknown.lab/'))).toMatchObject({
      code: 'ERR_TARGET_UNREACHABLE',
      phase: 'tunnel',
      proxy: proxy.url,
    })
  })

  test('a 403 of its own is an answer', async () => {
    const { transport, url } = await startPlainLab()
    expect((await get(transport, `${url}/denied`)).status).toBe(403)
  })

  test('an answer of a squid behind the proxy is an answer', async () => {
    const { transport, url } = await startPlainLab()
    expect((await get(transport, `${url}/squid-behind`)).status).toBe(503)
  })

  test.each([
    ['socks5', 'socks5://'],
    ['socks4a', 'socks'],
  ] as const)('at a proxy that speaks %s, which is named', async (scheme, hint) => {
    const { createTransport, proxy, url } = await startPlainLab({ scheme, foreign: 'close' })
    const transport = createTransport({ proxy: proxy.url.replace(scheme, 'http') })
    const error = await failureOf(get(transport, `${url}/`))
    expect(['ERR_PROXY_PROTOCOL', 'ERR_CONNECTION_LOST']).toContain(error.code)
    if (error.code === 'ERR_PROXY_PROTOCOL') expect(error.hint).toContain(hint)
  })

  test('goes through the next proxy after setProxy', async () => {
    const { transport, proxy, url, startProxy } = await startPlainLab()
    const next = await startProxy({ scheme: 'socks5' })
    expect((await get(transport, `${url}/`)).status).toBe(200)
    transport.setProxy(next.url)
    expect((await get(transport, `${url}/`)).status).toBe(200)
    expect(proxy.connections).toHaveLength(1)
    expect(next.connections).toHaveLength(1)
    expect(next.connections[0]).toMatchObject({ forwarded: 0 })
  })
})

test('a WebSocket to a ws:// URL goes by CONNECT, beside kept connections of the agent to the same host', async () => {
  const { transport, proxy, url } = await startPlainLab()
  await getByPlainAgent(transport, `${url}/`)
  expect(await helloByWebSocket(transport, {}, 'ws://plain.lab/')).toEqual({ op: 10 })
  await getByPlainAgent(transport, `${url}/`)
  expect(proxy.connections.map(({ forwarded, established }) => ({ forwarded, established }))).toEqual([
    { forwarded: 2, established: false },
    { forwarded: 0, established: true },
  ])
})

test('a redirect to https:// takes no credentials of the proxy along', async () => {
  const { transport, discord, url } = await startPlainLab({ auth: AUTH })
  const response = await transport.fetch(`${url}/moved`)
  await response.text()
  expect(response.url).toBe('https://discord.com/api/v10/users/@me')
  for (const request of discord.rest.requests) {
    expect(JSON.stringify(request)).not.toMatch(/proxy-authorization/i)
  }
})

test('a body is sent behind the changed header, in one chunk and in many', async () => {
  const { transport, received, url } = await startPlainLab({ auth: AUTH })
  await getByPlainAgent(transport, `${url}/`, 'POST', 'in one chunk')
  const request = http.request(`${url}/`, { agent: transport.agent, method: 'POST' })
  request.write('in ')
  request.write('many ')
  setImmediate(() => request.end('chunks'))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await text(response)
  expect(received.map(({ body }) => body)).toEqual(['in one chunk', 'in many chunks'])
})

test('a request on the agent shows its own path and no credentials of the proxy', async () => {
  const { transport, url } = await startPlainLab({ auth: AUTH })
  const request = http.get(`${url}/path`, { agent: transport.agent })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await text(response)
  expect(request.path).toBe('/path')
  expect(inspect(request, { depth: 8, showHidden: true })).not.toContain(BASIC)
})

test('a PAC script that names an HTTP proxy is followed in absolute-form too', async () => {
  const { createTransport, proxy, url } = await startPlainLab()
  const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${proxy.port}' }`
  const transport = createTransport({
    proxy: `pac+data:application/x-ns-proxy-autoconfig,${encodeURIComponent(script)}`,
  })
  for (const [, get] of FACES) expect((await get(transport, `${url}/`)).status).toBe(200)
  expect(proxy.connections.every(({ forwarded }) => forwarded > 0)).toBe(true)
})

test('a 407 moves the next requests on within the list of a PAC script', async () => {
  const { createTransport, startProxy, proxy, url } = await startPlainLab({ auth: AUTH })
  const second = await startProxy({ scheme: 'http' })
  const places = [proxy, second].map(({ port }) => `PROXY 127.0.0.1:${port}`).join('; ')
  const script = `function FindProxyForURL() { return '${places}' }`
  const transport = createTransport({
    proxy: `pac+data:application/x-ns-proxy-autoconfig,${encodeURIComponent(script)}`,
  })
  expect(await failureOf(getByFetch(transport, `${url}/`))).toMatchObject({ code: 'ERR_PROXY_AUTH' })
  expect((await getByFetch(transport, `${url}/`)).status).toBe(200)
})

test('an answer that cannot be read from its middle on is a lost connection, and no fault of the proxy', async () => {
  const { createTransport } = await startPlainLab()
  // A proxy that passes on what it gets, readable or not.
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno chunk\r\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const transport = createTransport({ proxy: `http://127.0.0.1:${port}` })
  const error = await failureOf(getByPlainAgent(transport, 'http://broken.lab/'))
  expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', phase: 'exchange', target: 'broken.lab:80' })
  expect(error.sent).not.toBe('no')
})
