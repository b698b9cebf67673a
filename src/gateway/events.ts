import type { GatewayDispatchPayload, GatewayReadyDispatchData } from 'discord-api-types/v10'
import type { TransportError } from '../errors.js'
import type { GatewayError } from './gateway-error.js'
import type { GatewaySession } from './session.js'

/** Where the whole gateway stands: as far as its slowest shard. */
export type GatewayState = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed'

/**
 * Where one shard stands. `connecting` lasts up to Discord's hello, `waiting` is the back-off between two
 * attempts.
 */
export type ShardState =
  'idle' | 'connecting' | 'identifying' | 'resuming' | 'ready' | 'waiting' | 'closing' | 'closed'

/** One shard, as it is at this moment. */
export interface ShardStatus {
  readonly id: number
  readonly state: ShardState
  /** Milliseconds from a heartbeat to its acknowledgement; null before the first. */
  readonly ping: number | null
  /** What a resume would take; null while there is no session. */
  readonly session: GatewaySession | null
}

/** A shard has a session again without having lost an event. */
export interface GatewayResumed {
  readonly shardId: number
  /** Events that Discord had kept meanwhile, all of them dispatched by now. */
  readonly replayed: number
}

/** A shard's connection has ended, and it will open another. */
export interface GatewayReconnecting {
  readonly shardId: number
  /** Why, fit to print. */
  readonly reason: string
  /**
   * The cause: a TransportError where the connection, the proxy or the network failed, a GatewayError where
   * Discord ended it; null where the client did, because Discord or its user asked for it.
   */
  readonly error: TransportError | GatewayError | Error | null
  /** From Discord's close frame, if there was one; 1006 never stands alone, see `error`. */
  readonly closeCode: number | null
  /** Milliseconds until the attempt. */
  readonly delayMs: number
  /** Attempts in a row without a stable connection, this one included. */
  readonly attempt: number
  /** Whether the session goes on; otherwise a new one begins, and what happened meanwhile is lost. */
  readonly resume: boolean
}

/** The end of the gateway. */
export interface GatewayClosed {
  /** Why, fit to print. */
  readonly reason: string
  /** What has to be changed; null after `close()`. */
  readonly error: TransportError | GatewayError | Error | null
  /** What can be resumed later; empty unless it was asked for. */
  readonly sessions: readonly GatewaySession[]
}

/** The events of a gateway client and what their listeners get. */
export interface GatewayEvents {
  /** A new session stands. */
  ready: [data: GatewayReadyDispatchData, shardId: number]
  resumed: [resumed: GatewayResumed]
  /** Every event of Discord's, READY and RESUMED among them, in order and once. */
  dispatch: [payload: GatewayDispatchPayload, shardId: number]
  reconnecting: [reconnecting: GatewayReconnecting]
  /** No connection is open any more, and none will be. */
  closed: [closed: GatewayClosed]
  /** What happens, in a line; null where it concerns no single shard. */
  debug: [message: string, shardId: number | null]
}
