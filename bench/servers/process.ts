import type { Server } from 'node:net'

/** What a server of the bench tells its parent once it listens. */
export interface Listening {
  readonly ports: Readonly<Record<string, number>>
}

export function report(message: Listening | ProxyCounts): void {
  process.send?.(message)
}

/** What the proxy has seen since the last question. */
export interface ProxyCounts {
  readonly connections: number
  /** How often a client had to say something, having heard what came before: its round trips, less TCP's own. */
  readonly flights: number
}

export function port(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  return address.port
}

// The parent is gone: so is every reason to listen.
process.on('disconnect', () => process.exit(0))
