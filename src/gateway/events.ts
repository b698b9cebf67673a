import type { EventEmitter } from 'node:events'
import type { GatewayDispatchPayload, GatewayReadyDispatchData } from 'discord-api-types/v10'
import type { TransportError } from '../errors.js'
import type { Acknowledgement } from '../reconnect/heartbeat.js'
import type { DisconnectCause } from './disconnect.js'
import type { GatewayError } from './gateway-error.js'
import type { GatewaySession } from './session.js'

/** The state of the whole gateway: that of its slowest shard. */
export type GatewayState = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed'

/**
 * The state of one shard. `connecting` lasts until Discord's HELLO and includes the wait for its turn to identify;
 * `waiting` is the back-off between two attempts.
 */
export type ShardState =
  'idle' | 'connecting' | 'identifying' | 'resuming' | 'ready' | 'waiting' | 'closing' | 'closed'

/** One shard, as it is at this moment. */
export interface ShardStatus {
  readonly id: number
  readonly state: ShardState
  /** Milliseconds from a heartbeat to its acknowledgement; null before the first. */
  readonly ping: number | null
  /** What a resume needs; null while there is no session. */
  readonly session: GatewaySession | null
}

/** Discord has acknowledged a heartbeat. */
export interface GatewayHeartbeat extends Acknowledgement {
  readonly shardId: number
}

/** A shard has resumed its session and has lost no event. */
export interface GatewayResumed {
  readonly shardId: number
  /** Events that Discord had kept meanwhile. All of them have been dispatched. */
  readonly replayed: number
}

/** A shard's connection has ended, or could not be opened. */
export interface GatewayDisconnected {
  readonly shardId: number
  /** Why, for programs. */
  readonly cause: DisconnectCause
  /** Why, in words to print. */
  readonly reason: string
  /**
   * A TransportError if the connection, the proxy or the network failed, a GatewayError if Discord closed it; null
   * if this client left it without a failure: see `cause`.
   */
  readonly error: TransportError | GatewayError | Error | null
  /** The code of Discord's close frame; null if there was none. 1006 is never given: see `error`. */
  readonly closeCode: number | null
  /** The reason in Discord's close frame; '' if there was none. */
  readonly closeReason: string
}

/** A shard's connection has ended, and the shard will open another. */
export interface GatewayReconnecting extends GatewayDisconnected {
  /** Milliseconds until the attempt. With `awaitsProxy` it is made then, or later, when the port answers. */
  readonly delayMs: number
  /** Whether the attempt is made as soon as the port of the proxy answers, which it does not now. */
  readonly awaitsProxy: boolean
  /** Attempts in a row without a stable connection, including the one to come. */
  readonly attempt: number
  /** Whether the session will be resumed. Otherwise a new one begins, and what happens meanwhile is lost. */
  readonly resume: boolean
}

/** Where an event stands in its session. */
export interface GatewayDispatchInfo {
  readonly sessionId: string
  readonly sequence: number
  /**
   * True: Discord sent it again after a process ended without handing its session over, which may have dispatched it
   * already. The session id and the sequence are the same as then.
   */
  readonly replayed: boolean
}

/** The end of the gateway. */
export interface GatewayClosed {
  /** Why, in words to print. */
  readonly reason: string
  /** What has to be changed; null after `close()`. */
  readonly error: TransportError | GatewayError | Error | null
  /** What can be resumed later; empty unless `keepSession` was asked for. */
  readonly sessions: readonly GatewaySession[]
}

/** The events of a gateway client, and what their listeners get. */
export interface GatewayEvents {
  /** A new session has begun. */
  ready: [data: GatewayReadyDispatchData, shardId: number]
  resumed: [resumed: GatewayResumed]
  /**
   * Every event of Discord's, READY and RESUMED included, in order and once. `raw` is the JSON text that the payload
   * was read from; `info` says whether another process may have dispatched it before.
   */
  dispatch: [payload: GatewayDispatchPayload, shardId: number, raw: string, info: GatewayDispatchInfo]
  heartbeat: [heartbeat: GatewayHeartbeat]
  /** Comes before `reconnecting`, before `closed`, and when one shard is closed. */
  disconnected: [disconnected: GatewayDisconnected]
  reconnecting: [reconnecting: GatewayReconnecting]
  /** No connection is open any more, and none will be. */
  closed: [closed: GatewayClosed]
  /** What happens, in one line; the shard is null where the line is about no single shard. */
  debug: [message: string, shardId: number | null]
}

/** Tells the listeners of a client. A listener that throws does not throw here. */
export type Emit = EventEmitter<GatewayEvents>['emit']
