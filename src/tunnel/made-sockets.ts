import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { asOwnConnection } from './own-connections.js'

/** https://nodejs.org/api/diagnostics_channel.html#event-netclientsocket */
const CHANNEL = 'net.client.socket'

/** The list of the call that runs now. */
let noted: Socket[] | undefined
let subscribed = false

/**
 * Runs `open` as {@link asOwnConnection} does, for code of others that keeps its socket to itself.
 *
 * @returns what `open` returned, and the sockets that it made with `net.connect` before it returned
 */
export function withMadeSockets<T>(open: () => T): {
  readonly result: T
  readonly sockets: readonly Socket[]
} {
  subscribeForThisTurn()
  const sockets: Socket[] = []
  noted = sockets
  try {
    return { result: asOwnConnection(open), sockets }
  } finally {
    noted = undefined
  }
}

/** `net.connect` is slower after each change of the subscribers, so the tunnels of one turn share a subscription. */
function subscribeForThisTurn(): void {
  if (subscribed) return
  subscribed = true
  subscribe(CHANNEL, note)
  setImmediate(() => {
    subscribed = false
    unsubscribe(CHANNEL, note)
  })
}

function note(message: unknown): void {
  noted?.push((message as { readonly socket: Socket }).socket)
}
