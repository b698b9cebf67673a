import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * Calls `onSocket` with each TCP socket that this process connects from now on, until the test has finished.
 * https://nodejs.org/api/diagnostics_channel.html#event-netclientsocket
 */
export function watchConnects(onSocket: (socket: Socket) => void): void {
  const listener = (message: unknown): void => onSocket((message as { readonly socket: Socket }).socket)
  subscribe('net.client.socket', listener)
  onTestFinished(() => {
    unsubscribe('net.client.socket', listener)
  })
}
