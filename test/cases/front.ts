import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { LabAddress } from '../lab/names.js'

/**
 * The door to one server of the fake Discord, and the only one that proxies know. It counts what comes
 * through, so that the totals on both sides of a proxy can be compared. TLS passes untouched.
 */
export class Front {
  readonly address: LabAddress
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #connections = 0
  #received = 0
  #sent = 0

  private constructor(server: Server, to: LabAddress) {
    this.#server = server
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
    this.address = { host: address.address, port: address.port }
    server.on('connection', (client: Socket) => this.#accept(client, to))
  }

  static async listen(place: LabAddress, to: LabAddress): Promise<Front> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.listen(place.port, place.host)
    await once(server, 'listening')
    return new Front(server, to)
  }

  /** Connections accepted since the start. */
  get connections(): number {
    return this.#connections
  }

  /** Bytes that clients sent. */
  get received(): number {
    return this.#received
  }

  /** Bytes that clients were sent. */
  get sent(): number {
    return this.#sent
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  #accept(client: Socket, to: LabAddress): void {
    this.#connections += 1
    const upstream = connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true })
    client.on('data', (chunk: Buffer) => (this.#received += chunk.length))
    upstream.on('data', (chunk: Buffer) => (this.#sent += chunk.length))
    client.pipe(upstream)
    upstream.pipe(client)
    this.#follow(client, upstream)
    this.#follow(upstream, client)
  }

  /** `pipe` passes on the FIN; a reset has to be passed on by hand. */
  #follow(socket: Socket, other: Socket): void {
    this.#open.add(socket)
    socket.on('error', () => other.resetAndDestroy())
    socket.once('close', () => {
      this.#open.delete(socket)
      other.destroySoon()
    })
  }
}
