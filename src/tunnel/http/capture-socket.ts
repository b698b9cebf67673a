import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { asOwnConnection } from '../own-connections.js'

const CHANNEL = 'net.client.socket'

/**
 * Runs `open` and returns the sockets that it made synchronously with `net.connect`.
 *
 * https-proxy-agent makes its socket inside and hands it out only once the proxy has answered. Phase, first
 * bytes and header size have to be known before that, so the socket is picked up from Node's own channel:
 * https://nodejs.org/api/diagnostics_channel.html#event-netclientsocket
 */
export function captureSockets<T>(open: () => T): {
  readonly result: T
  readonly sockets: readonly Socket[]
} {
  const sockets: Socket[] = []
  const listener = (message: unknown): void => {
    sockets.push((message as { readonly socket: Socket }).socket)
  }
  subscribe(CHANNEL, listener)
  try {
    return { result: asOwnConnection(open), sockets }
  } finally {
    unsubscribe(CHANNEL, listener)
  }
}
