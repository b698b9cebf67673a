import type { Socket } from 'node:net'
import { processWide } from './own-connections.js'

/**
 * The connections of this process to its proxies, with the port that each was opened to. The process-wide mode asks for
 * them: a server of this process that accepts one of them is the proxy.
 */
const connections = processWide('proxy-connections', new Map<Socket, number>())

/** Remembers a connection to a proxy until it closes. */
export function noteProxyConnection(socket: Socket, port: number): void {
  connections.set(socket, port)
  socket.once('close', () => connections.delete(socket))
}

/** Whether a connection that a server of this process has accepted is one of ours to a proxy. */
export function isProxyConnection({ localPort, remoteAddress, remotePort }: Socket): boolean {
  if (connections.size === 0 || remoteAddress === undefined) return false
  for (const [socket, port] of connections) {
    // All of it is compared: the system gives one port to several connections with different destinations.
    if (port !== localPort) continue
    const own = localEnd(socket)
    if (own.port === remotePort && bare(own.address) === bare(remoteAddress)) return true
  }
  return false
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
