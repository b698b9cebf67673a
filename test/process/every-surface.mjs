/**
 * Run by surfaces.programs.ts in a process of its own: opens a connection by every way that code has, while an installation is
 * active, and says for each what came of it and what Node really did below all hooks.
 */
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import http, { get as namedHttpGet } from 'node:http'
import https, { get as namedGet, request as namedRequest } from 'node:https'
import * as httpsNamespace from 'node:https'
import http2 from 'node:http2'
import { createRequire } from 'node:module'
import net, { connect as namedConnect } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import tls, { connect as namedTlsConnect } from 'node:tls'

const { PACKAGE, PROXY, CA, LOOPBACK, ORDER, OPTIONS = '{}' } = process.env
const require = createRequire(import.meta.url)

/** What the process asked of the system: connections and lookups of names. */
const below = []
createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'TCPCONNECTWRAP' || type === 'GETADDRINFOREQWRAP' || type === 'QUERYWRAP')
      below.push({ type, resource })
  },
}).enable()

const { get: destructuredGet, request: destructuredRequest } = require('node:https')
const captured = { fetch: globalThis.fetch, get: https.get, agent: new https.Agent({ keepAlive: true }) }
const classes = { Response, Headers, Request, FormData, Agent: http.Agent, globalAgent: https.globalAgent }

const loadUndicis = () => {
  const known = { 6: require('undici-6'), 7: require('undici') }
  // undici 8 cannot be loaded on Node 20.
  return process.versions.node.startsWith('20.') ? known : { ...known, 8: require('undici-8') }
}
const early = ORDER === 'before' ? loadUndicis() : undefined
const { createDiscordTransport } = await import(PACKAGE)
const transport = createDiscordTransport({ proxy: PROXY, env: {}, keepWarm: false })
const installation = transport.install(JSON.parse(OPTIONS))
const undicis = early ?? loadUndicis()

const API = 'https://discord.com/api'
const PLAIN = 'http://discord.com/plain'
const GATEWAY = 'wss://gateway.discord.gg/?v=10'

const parsed = async (stream) => {
  let text = ''
  for await (const chunk of stream) text += chunk
  return JSON.parse(text).host
}
const byNode = (send) =>
  new Promise((resolve, reject) =>
    send((answer) => resolve(parsed(answer)))
      .on('error', reject)
      .end(),
  )
const byFetch = async (answer) => (await (await answer).json()).host
const byUndici = async (answer) => (await (await answer).body.json()).host
const byWebSocket = (socket) =>
  new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      socket.close()
      resolve(JSON.parse(data).host)
    }
    socket.onerror = (event) => reject(event.error ?? new Error('no WebSocket'))
  })
const bySocket = async (socket, event) => {
  await once(socket, event)
  socket.write('GET /raw HTTP/1.1\r\nHost: discord.com\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).host
}
const byHttp2 = async (session) => {
  const stream = session.request({ ':path': '/http2' })
  const [host] = await Promise.race([
    Promise.all([parsed(stream)]),
    once(session, 'error').then(([e]) => Promise.reject(e)),
  ])
  session.close()
  return host
}
const form = () => {
  const data = new FormData()
  data.append('file', new Blob(['x'.repeat(70_000)]), 'file.bin')
  return data
}

// undici 7 and 8 never send a request whose socket is handed over at once.
const agentOver = ({ Agent }, socket) =>
  new Agent({ connect: (_options, done) => setImmediate(done, null, socket) })

const ofUndici = Object.entries(undicis).flatMap(([version, undici]) => [
  [`undici ${version}: fetch`, () => byFetch(undici.fetch(API))],
  [`undici ${version}: request`, () => byUndici(undici.request(API))],
  [
    `undici ${version}: the global dispatcher itself`,
    () =>
      byUndici(
        undici.getGlobalDispatcher().request({ origin: 'https://discord.com', path: '/', method: 'GET' }),
      ),
  ],
  [
    `undici ${version}: an Agent of its own`,
    () => byUndici(undici.request(API, { dispatcher: new undici.Agent() })),
  ],
  [
    `undici ${version}: a Pool of its own`,
    () => byUndici(new undici.Pool('https://discord.com').request({ path: '/', method: 'GET' })),
  ],
  [
    `undici ${version}: a tunnel by the option connect`,
    () => byUndici(undici.request(PLAIN, { dispatcher: agentOver(undici, net.connect(80, 'discord.com')) })),
  ],
  [
    `undici ${version}: a stream past the proxy by the option connect`,
    () => byUndici(undici.request(PLAIN, { dispatcher: agentOver(undici, Duplex.from(new PassThrough())) })),
  ],
  [`undici ${version}: WebSocket`, () => byWebSocket(new undici.WebSocket(GATEWAY))],
  [`fetch with an Agent of undici ${version}`, () => byFetch(fetch(API, { dispatcher: new undici.Agent() }))],
  [`undici ${version}: loopback`, () => byUndici(undici.request(LOOPBACK))],
])

const cases = {
  fetch: () => byFetch(fetch(API)),
  'fetch of a body': () => byFetch(fetch(API, { method: 'POST', body: 'body' })),
  'fetch with a content-length': () =>
    byFetch(fetch(API, { method: 'POST', body: 'body', headers: { 'content-length': '4' } })),
  'fetch of a form': () => byFetch(fetch(API, { method: 'POST', body: form() })),
  'fetch of a Request': () => byFetch(fetch(new Request(API, { method: 'POST', body: 'body' }))),
  'fetch of a URL': () => byFetch(fetch(new URL(API))),
  'fetch of http:': () => byFetch(fetch(PLAIN)),
  'captured fetch': () => byFetch(captured.fetch(API)),
  ...(typeof WebSocket === 'undefined' ? {} : { WebSocket: () => byWebSocket(new WebSocket(GATEWAY)) }),
  ...Object.fromEntries(ofUndici),
  'https.get': () => byNode((listen) => https.get(API, listen)),
  'https.request with options': () =>
    byNode((listen) => https.request({ host: 'discord.com', path: '/' }, listen)),
  'https.get, named import': () => byNode((listen) => namedGet(API, listen)),
  'https.request, named import': () => byNode((listen) => namedRequest(API, listen)),
  'https.get, namespace': () => byNode((listen) => httpsNamespace.get(API, listen)),
  'https.get, import()': async () => {
    const { get } = await import('node:https')
    return byNode((listen) => get(API, listen))
  },
  'https.get, destructured before': () => byNode((listen) => destructuredGet(API, listen)),
  'https.request, destructured before': () => byNode((listen) => destructuredRequest(API, listen)),
  'captured https.get with a captured agent': () =>
    byNode((listen) => captured.get(API, { agent: captured.agent }, listen)),
  'an agent of its own': () => byNode((listen) => https.get(API, { agent: new https.Agent() }, listen)),
  'an agent with TLS options of its own': () =>
    byNode((listen) => https.get(API, { agent: new https.Agent({ ca: CA }) }, listen)),
  'agent: false': () => byNode((listen) => https.get(API, { agent: false }, listen)),
  'agent: null': () => byNode((listen) => https.get(API, { agent: null }, listen)),
  'new ClientRequest': () =>
    byNode(
      (listen) =>
        new http.ClientRequest(
          { protocol: 'https:', host: 'discord.com', agent: https.globalAgent, path: '/' },
          listen,
        ),
    ),
  createConnection: () =>
    byNode((listen) =>
      https.get(
        API,
        {
          defaultPort: 443,
          createConnection: (options) =>
            tls.connect({ ...options, path: undefined, servername: 'discord.com' }),
        },
        listen,
      ),
    ),
  'http.get': () => byNode((listen) => http.get(PLAIN, listen)),
  'http.get, named import': () => byNode((listen) => namedHttpGet(PLAIN, listen)),
  'http.request of a body': () =>
    byNode((listen) => {
      const request = http.request(PLAIN, { method: 'POST' }, listen)
      request.write('body')
      return request
    }),
  ws: () => byWebSocket(new (require('ws'))(GATEWAY)),
  'ws with an agent of its own': () =>
    byWebSocket(new (require('ws'))(GATEWAY, { agent: new https.Agent() })),
  'ws of ws:': () => byWebSocket(new (require('ws'))('ws://gateway.discord.gg/')),
  axios: async () => (await require('axios').get(API)).data.host,
  got: async () => JSON.parse((await (await import('got')).default(API)).body).host,
  'got with http2': async () =>
    JSON.parse((await (await import('got')).default(API, { http2: true })).body).host,
  'node-fetch 2': () => byFetch(require('node-fetch-2')(API)),
  'node-fetch 3': async () => byFetch((await import('node-fetch')).default(API)),
  superagent: async () => (await require('superagent').get(API)).body.host,
  needle: async () => (await require('needle')('get', API)).body.host,
  'tls.connect': () =>
    bySocket(tls.connect({ host: 'discord.com', port: 443, servername: 'discord.com' }), 'secureConnect'),
  'tls.connect, named import': () =>
    bySocket(namedTlsConnect(443, 'discord.com', { servername: 'discord.com' }), 'secureConnect'),
  'tls.connect over net.connect': () =>
    bySocket(
      tls.connect({ socket: net.connect(443, 'discord.com'), servername: 'discord.com' }),
      'secureConnect',
    ),
  'tls.connect over a CONNECT by hand': async () => {
    const { hostname: host, port } = new URL(PROXY)
    const request = http.request({ host, port, method: 'CONNECT', path: 'discord.com:443' }).end()
    const [, socket] = await once(request, 'connect')
    return bySocket(tls.connect({ socket, servername: 'discord.com' }), 'secureConnect')
  },
  'net.connect': () => bySocket(net.connect(80, 'discord.com'), 'connect'),
  'net.createConnection': () => bySocket(net.createConnection({ host: 'discord.com', port: 80 }), 'connect'),
  'net.connect, named import': () => bySocket(namedConnect(80, 'discord.com'), 'connect'),
  'http2.connect': () => byHttp2(http2.connect('https://discord.com')),
  'http2.connect with createConnection': () =>
    byHttp2(
      http2.connect('https://discord.com', {
        createConnection: () =>
          tls.connect({
            socket: net.connect(443, 'discord.com'),
            servername: 'discord.com',
            ALPNProtocols: ['h2'],
          }),
      }),
    ),
  'http2.connect of http:': () => byHttp2(http2.connect('http://h2c.discord.com')),
  'new net.Socket().connect': () => bySocket(new net.Socket().connect(80, 'discord.com'), 'connect'),
  'TLS over a stream past the proxy': () =>
    bySocket(
      tls.connect({ socket: Duplex.from(new PassThrough()), servername: 'discord.com' }),
      'secureConnect',
    ),
  'http2.connect behind a dead proxy': () => byHttp2(http2.connect('https://nowhere.discord.com')),
  'tls.connect behind a dead proxy': () => bySocket(tls.connect(443, 'nowhere.discord.com'), 'secureConnect'),
  'https.get behind a dead proxy': () => byNode((listen) => https.get('https://nowhere.discord.com', listen)),
  'fetch behind a dead proxy': () => byFetch(fetch('https://nowhere.discord.com')),
  'an agent that is none of Node': () => {
    const { HttpsProxyAgent } = require('https-proxy-agent-5')
    return byNode((listen) => https.get(API, { agent: new HttpsProxyAgent(PROXY) }, listen))
  },
  loopback: () => byNode((listen) => http.get(LOOPBACK, listen)),
  'loopback by fetch': () => byFetch(fetch(LOOPBACK)),
}

const results = {}
for (const [name, run] of Object.entries(cases)) {
  below.length = 0
  const outcome = await run().catch((error) => {
    const wrapped = error.code === undefined || error.code === 'ERR_HTTP2_STREAM_CANCEL'
    const { code, message } = wrapped ? (error.cause ?? error) : error
    return code ?? message
  })
  const asked = below.map(({ type, resource: { address, port, hostname } }) =>
    type === 'TCPCONNECTWRAP' ? `${address}:${port}` : `${type} ${hostname ?? ''}`,
  )
  results[name] = { outcome, asked }
}
const replaced = installation.replacedHooks()
const same = Object.entries(classes).every(([name, value]) =>
  name === 'Agent'
    ? http.Agent === value
    : name === 'globalAgent'
      ? https.globalAgent === value
      : globalThis[name] === value,
)
installation.stop()
const restored = { fetch: globalThis.fetch === captured.fetch, get: https.get === captured.get }
below.length = 0
await fetch(API).catch(() => undefined)
const afterStop = below.map(({ type }) => type)
await transport.close()
process.stdout.write(JSON.stringify({ results, replaced, same, restored, afterStop }))
process.exit()
