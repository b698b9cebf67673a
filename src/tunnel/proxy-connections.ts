import type { Socket } from 'node:net'
import { processWide } from './own-connections.js'

/** A connection to a proxy that may run in this process. */
export interface ProxyConnection {
  /** The port that it was opened to. */
  readonly port: number
  /** Where the tunnel in it leads. */
  readonly target: { readonly host: string; readonly port: number }
  /** Whether a proxy of this process has opened it, for one of our own connections. */
  readonly chained: boolean
}

/**
 * The connections of this process to its proxies. The process-wide mode asks for them: a server of this process that
 * accepts one of them is the proxy.
 */
const connections = processWide('proxy-connections', new Map<Socket, ProxyConnection>())

/** Remembers a connection to a proxy until it closes. */
export function noteProxyConnection(socket: Socket, connection: ProxyConnection): void {
  connections.set(socket, connection)
  socket.once('close', () => connections.delete(socket))
}

/** What is known of a connection that a server of this process has accepted; undefined where it is no such one. */
export function proxyConnectionOf({
  localPort,
  remoteAddress,
  remotePort,
}: Socket): ProxyConnection | undefined {
  if (remoteAddress === undefined) return undefined
  for (const [socket, connection] of connections) {
    // All of it is compared: the system gives one port to several connections with different destinations.
    if (connection.port !== localPort) continue
    const own = localEnd(socket)
    if (own.port === remotePort && bare(own.address) === bare(remoteAddress)) return connection
  }
  return undefined
}

interface LocalEnd {
  readonly address?: string | undefined
  readonly port?: number | undefined
}

/** The server may see the connection first. Node then reads the local end of a connecting socket from its handle alone. */
function localEnd(socket: Socket): LocalEnd {
  if (!socket.connecting) return { address: socket.localAddress, port: socket.localPort }
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return {}
  const read: unknown = Reflect.get(handle, 'getsockname')
  const end: LocalEnd = {}
  if (typeof read === 'function') Reflect.apply(read, handle, [end])
  return end
}

/** A server that listens on both families shows an IPv4 address mapped into IPv6. */
function bare(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '')
}
