import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Loopback, and nothing else: no lab can be reached from another machine. */
export type LabHost = '127.0.0.1' | '::1'

const own = new Set(Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address)))

/** Those that this machine has: many a container is without IPv6. */
export const LAB_HOSTS: readonly LabHost[] = own.has('::1') ? ['127.0.0.1', '::1'] : ['127.0.0.1']

export interface ListenOptions {
  readonly host: LabHost
  /** 0 takes a free one. */
  readonly port: number
  readonly maxConnections?: number | undefined
  readonly onConnection: (socket: Socket) => void
}

/** A TCP server that knows its port from the beginning and its connections to the end. */
export class Listener {
  readonly port: number
  readonly #server: Server
  readonly #open = new Set<Socket>()
  /** Node leaves the handle of a socket open where a reset of it fails. */
  readonly #handles: Handle[] = []
  #peak = 0
  #dropped = 0

  private constructor(server: Server, onConnection: (socket: Socket) => void) {
    this.#server = server
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    server.on('drop', () => this.#dropped++)
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket)
      const handle: unknown = Reflect.get(socket, '_handle')
      if (isHandle(handle)) this.#handles.push(handle)
      this.#peak = Math.max(this.#peak, this.#open.size)
      socket.on('error', () => undefined).once('close', () => this.#open.delete(socket))
      onConnection(socket)
    })
  }

  static async listen({ host, port, maxConnections, onConnection }: ListenOptions): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    server.listen(port, host)
    await once(server, 'listening')
    return new Listener(server, onConnection)
  }

  get openCount(): number {
    return this.#open.size
  }

  /** The most connections that were open at one time. */
  get peakOpen(): number {
    return this.#peak
  }

  /** Connections that were one too many. */
  get dropped(): number {
    return this.#dropped
  }

  /** Accepts no more, and destroys what is open. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
    for (const handle of this.#handles) if (handle.fd >= 0) handle.close()
  }
}

interface Handle {
  /** Negative when it is closed. */
  readonly fd: number
  close(): void
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'fd' in value && 'close' in value
}

/** `host:port` as a URL has it. */
export function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
