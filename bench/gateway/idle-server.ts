/** A gateway and a CONNECT proxy in a process of their own, so that the client's memory is its own. */
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { createCertificateAuthority } from '../../test/lab/certificates.js'
import { createEncoder } from '../../test/lab/discord/gateway-compression.js'
import { listen } from '../servers/listen.js'

/** What the client needs to know. */
export interface IdleServer {
  readonly gatewayUrl: string
  readonly proxyUrl: string
  readonly ca: string
}

const heartbeatMs = Number(process.argv[2])

const authority = await createCertificateAuthority()
const gateway = createTlsServer(await authority.issue(['localhost']))
const gatewayPort = await listen(gateway)

const READY = {
  v: 10,
  user: { id: '1', username: 'bench', discriminator: '0', avatar: null, bot: true },
  guilds: Array.from({ length: 20 }, (_, id) => ({ id: `60000000000000000${id}`, unavailable: true })),
  session_id: '0123456789abcdef0123456789abcdef',
  resume_gateway_url: `wss://localhost:${gatewayPort}`,
  shard: [0, 1],
  application: { id: '1', flags: 0 },
}

/** Fills a compression window, as the guilds of any real shard do. */
const GUILD = {
  id: '600000000000000001',
  channels: Array.from({ length: 60 }, (_, index) => ({
    id: String(700_000_000_000_000_000n + BigInt(index * 7_919)),
    name: `channel-${index}-${(index * 2_654_435_761).toString(36)}`,
    position: index,
    topic: `What belongs here: ${(index * 40_503).toString(16)}`,
  })),
  members: Array.from({ length: 150 }, (_, index) => ({
    user: { id: String(200_000_000_000_000_000n + BigInt(index * 31_337)), username: `user-${index * 7}` },
    roles: [String(900_000_000_000_000_000n + BigInt(index % 9))],
    joined_at: new Date(1_700_000_000_000 + index * 123_456_789).toISOString(),
  })),
}

new WebSocketServer({ server: gateway, perMessageDeflate: false }).on('connection', (socket, request) => {
  const compress = new URL(request.url ?? '/', 'wss://localhost').searchParams.get('compress')
  const encoder = createEncoder(compress === 'zlib-stream' || compress === 'zstd-stream' ? compress : 'none')!
  const send = (op: number, d: unknown, t: string | null = null, s: number | null = null): void =>
    encoder.encode(JSON.stringify({ t, s, op, d }), (data) => socket.send(data))
  socket.on('error', () => undefined)
  socket.on('close', () => encoder.close())
  socket.on('message', (data) => {
    const text = Buffer.isBuffer(data) ? data.toString() : ''
    if (text.startsWith('{"op":1,')) send(11, null)
    else {
      send(0, READY, 'READY', 1)
      send(0, GUILD, 'GUILD_CREATE', 2)
    }
  })
  send(10, { heartbeat_interval: heartbeatMs })
})

const proxy = createServer()
proxy.on('connect', (_request: IncomingMessage, client: Duplex) => {
  const upstream = connect(gatewayPort, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(upstream).pipe(client)
  })
  upstream.on('error', () => client.destroy())
  client.on('error', () => upstream.destroy())
})
const server: IdleServer = {
  gatewayUrl: `wss://localhost:${gatewayPort}`,
  proxyUrl: `http://127.0.0.1:${await listen(proxy)}`,
  ca: authority.certificate,
}
process.send?.(server)
process.once('disconnect', () => process.exit())
