import type { LabNames } from '../names.js'
import type { LabConnection } from './connection.js'
import type { Fault, LabScheme } from './faults.js'
import type { LabAuth } from './handshake.js'
import type { LabHost } from './listener.js'
import type { ForeignAnswer } from './socks5.js'
import type { LabTls } from './tls-listener.js'

export interface ProxyOptions {
  readonly scheme: LabScheme
  /** The only places to which this proxy leads. */
  readonly names: LabNames
  /** Where it listens. Default `127.0.0.1`. */
  readonly host?: LabHost
  /** Default: any free one. A proxy that was closed can come back on its old one. */
  readonly port?: number
  /** What clients must show. SOCKS4 has a userid only, and compares `username` with it. */
  readonly auth?: LabAuth
  /** Required for `https`. */
  readonly tls?: LabTls
  readonly fault?: Fault
  /** One more is closed at once. */
  readonly maxConnections?: number
  /** One-way delay of every chunk between client and proxy, in milliseconds. */
  readonly delayMs?: number
  /** socks5: what a client hears that speaks no SOCKS5. Default `close`. */
  readonly foreign?: ForeignAnswer
}

/** Chooses connections. */
export type Predicate = (connection: LabConnection) => boolean

/** A proxy on loopback that does what it is told to, and remembers what it saw. */
export interface LabProxy extends AsyncDisposable {
  /** With percent-encoded credentials, where the proxy wants a username and password. */
  readonly url: string
  readonly urlWithoutCredentials: string
  readonly scheme: LabScheme
  readonly host: LabHost
  readonly port: number
  /** What is wrong with it. A change counts for new connections. */
  fault: Fault | undefined
  /** Every connection that was accepted, in order. */
  readonly connections: readonly LabConnection[]
  /** Those that got a tunnel. */
  readonly established: readonly LabConnection[]
  readonly openCount: number
  /** The most client connections that were open at one time. */
  readonly peakOpen: number
  /** How many came beyond `maxConnections`. */
  readonly dropped: number
  /** The first connection, past or to come, for which the predicate holds. Rejects when the proxy closes. */
  waitForConnection(predicate?: Predicate): Promise<LabConnection>
  /** Destroys open client connections, all by default; how many. */
  cut(predicate?: Predicate, how?: 'close' | 'reset'): number
  /** No byte and no end goes through any tunnel until `thaw()`; nothing is closed. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}
