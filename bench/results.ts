import type { Burst, Load, Upload } from './client/commands.js'
import type { Contender } from './contenders/index.js'

/** One send by a cable of 50 ms. */
export interface FirstSend {
  /** Those of TCP, the proxy's handshake, TLS and the request together. */
  readonly roundTrips: number
  readonly ms: number
}

export interface ProxiedBurst extends Burst {
  /** Connections that the proxy accepted. */
  readonly tunnels: number
}

/** What one contender did; a measure that was not taken has no entry. */
export interface Result {
  readonly contender: Contender
  /** Why it was not measured, or what went wrong. */
  note?: string
  /** Out of the rest of the run. */
  failed?: true
  /** One for each round, by sends at a time. */
  readonly loads: Map<number, Load[]>
  cold?: FirstSend
  /** The send right after the cold one. */
  next?: FirstSend
  /** After a silence of `SILENCE_MS`. */
  silent?: FirstSend
  /** The first send of a new client after its `warm()`. */
  warmed?: FirstSend
  /** By the long cable: `BURST` sends, and `SECOND`. */
  readonly bursts: ProxiedBurst[]
  readonly seconds: ProxiedBurst[]
  /** Through the proxy with room for ten. */
  small?: ProxiedBurst
  readonly uploads: Upload[]
  readonly importMs: number[]
  /** CPU in milliseconds of the first sends of a fresh process, one for each round, by version of Node. */
  readonly firstSends: Map<string, number[]>
}

export function emptyResult(contender: Contender): Result {
  return {
    contender,
    loads: new Map(),
    bursts: [],
    seconds: [],
    uploads: [],
    importMs: [],
    firstSends: new Map(),
  }
}
