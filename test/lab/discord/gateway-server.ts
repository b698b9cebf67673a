import { once } from 'node:events'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { ConnectionTable } from './connections.js'
import type { Upgrade } from './gateway-connection.js'

/** What an Upgrade request gets instead of a WebSocket. */
export interface UpgradeRefusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface GatewayServerOptions {
  readonly tls: { readonly cert: string; readonly key: string }
}

/** The TLS and WebSocket side of the gateway: from the Upgrade request to an open socket. */
export class GatewayServer {
  readonly connections: ConnectionTable
  readonly upgrades: Upgrade[] = []
  readonly #server
  readonly #webSockets: WebSocketServer
  readonly #answers: (UpgradeRefusal | 'stall')[] = []
  readonly #opened: (socket: WebSocket, upgrade: Upgrade) => void

  constructor({ tls }: GatewayServerOptions, opened: (socket: WebSocket, upgrade: Upgrade) => void) {
    this.#opened = opened
    this.#server = createServer({ ...tls, ALPNProtocols: ['http/1.1'] }, (request, response) => {
      request.resume()
      response.writeHead(404, { 'content-type': 'text/plain' }).end('a WebSocket lives here')
    })
    this.connections = new ConnectionTable('gateway', this.#server)
    // Discord does not negotiate permessage-deflate: it compresses above the WebSocket.
    this.#webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head)
    })
  }

  /** The next Upgrade request gets this answer. */
  refuseUpgradeOnce(refusal: UpgradeRefusal): void {
    this.#answers.push(refusal)
  }

  /** The next Upgrade request gets no answer at all. */
  stallUpgradeOnce(): void {
    this.#answers.push('stall')
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
    return address.port
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    for (const socket of this.#webSockets.clients) socket.terminate()
    this.#webSockets.close()
    this.#server.close()
    this.connections.destroyAll()
    await closed
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = this.connections.find(request.socket.remotePort)
    if (connection) connection.requests += 1
    const upgrade: Upgrade = {
      connectionId: connection?.id ?? 0,
      host: request.headers.host ?? '',
      query: new URL(request.url ?? '/', 'https://unused').searchParams,
      headers: request.headers,
    }
    this.upgrades.push(upgrade)
    socket.on('error', () => undefined)
    const answer = this.#answers.shift()
    if (answer === 'stall') return
    if (answer) refuse(socket, answer)
    else this.#webSockets.handleUpgrade(request, socket, head, (ws) => this.#opened(ws, upgrade))
  }
}

function refuse(socket: Duplex, { status, headers = {}, body = '' }: UpgradeRefusal): void {
  const lines = Object.entries({
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}
