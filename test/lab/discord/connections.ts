import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'

/** One TLS connection that a client has opened to a server of the fake Discord. */
export interface OpenConnection {
  /** Unique among all servers of one fake Discord, in the order of arrival. */
  readonly id: number
  readonly server: string
  readonly remotePort: number
  /** The name the client asked for by SNI. */
  readonly servername: string | undefined
  /** What ALPN agreed on; undefined if the client did not offer any. */
  readonly alpn: string | undefined
  readonly openedAt: number
  /** Requests that arrived on it so far. */
  readonly requests: number
}

let count = 0

class TrackedConnection implements OpenConnection {
  readonly id = ++count
  readonly openedAt = Date.now()
  readonly server: string
  readonly remotePort: number
  servername: string | undefined
  alpn: string | undefined
  requests = 0
  readonly #socket: Socket
  #tls: TLSSocket | undefined

  constructor(server: string, socket: Socket) {
    this.server = server
    this.#socket = socket
    this.remotePort = socket.remotePort ?? 0
  }

  secured(tls: TLSSocket): void {
    this.#tls = tls
    const servername: unknown = Reflect.get(tls, 'servername')
    if (typeof servername === 'string') this.servername = servername
    if (typeof tls.alpnProtocol === 'string') this.alpn = tls.alpnProtocol
  }

  /** Gone without a close_notify; with `reset` also without a FIN, as a middlebox kills a connection. */
  destroy(reset = false): void {
    if (reset) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    this.#tls?.destroy()
  }
}

export type { TrackedConnection }

/** The open connections of one server. HTTP/2's socket is a proxy object, so the remote port is the key. */
export class ConnectionTable {
  readonly #byRemotePort = new Map<number, TrackedConnection>()
  /** Connections accepted since the start, the closed ones included. */
  opened = 0

  constructor(name: string, server: Server) {
    server.on('connection', (socket: Socket) => {
      const connection = new TrackedConnection(name, socket)
      this.opened += 1
      this.#byRemotePort.set(connection.remotePort, connection)
      socket.on('error', () => undefined)
      socket.once('close', () => this.#byRemotePort.delete(connection.remotePort))
    })
    server.on('secureConnection', (tls) => {
      tls.on('error', () => undefined)
      this.#byRemotePort.get(tls.remotePort ?? 0)?.secured(tls)
    })
  }

  find(remotePort: number | undefined): TrackedConnection | undefined {
    return this.#byRemotePort.get(remotePort ?? 0)
  }

  list(): readonly TrackedConnection[] {
    return [...this.#byRemotePort.values()]
  }

  destroyAll(): void {
    for (const connection of this.list()) connection.destroy()
  }
}
