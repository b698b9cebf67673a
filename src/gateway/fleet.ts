import type { GatewayIdentifyThrottler } from './identify-queue.js'
import type { GatewaySession, GatewaySessionStore } from './session.js'

/** What a fleet asks of the gateway client that joined it. */
export interface GatewayFleetMember {
  /** The option `shards`; undefined is `'auto'`. */
  readonly shardCount: number | undefined
  /** How many shards Discord recommends. Asks until Discord answers. */
  recommendedShards(): Promise<number>
  /** The client is to run this shard from now on: it resumes what the session store has, or identifies. */
  open(shardId: number, shardCount: number): void
  /**
   * The client is to stop this shard. Resolves when its socket is closed, with what another member needs to resume;
   * null without `keepSession`, and where there is no session.
   */
  close(shardId: number, options: GatewayFleetClose): Promise<GatewaySession | null>
  /** One line for the client's `debug` event. */
  debug(line: string): void
  /** The number of shards that the member is to run has become what it is for now, or is no longer known. */
  settled(isSettled: boolean): void
}

/** How a fleet stops a shard. */
export interface GatewayFleetClose {
  /** Leaves the session at Discord. */
  readonly keepSession: boolean
  /** For the `disconnected` event. */
  readonly reason: string
}

/** Which member of a fleet runs which shard. */
export interface GatewayShardLeases {
  /**
   * The client becomes a member: from now on it is told which shards to open and close. Resolves when it knows how
   * many shards there are and has opened those that it got first. Waits for a store that is away.
   *
   * @throws GatewayError ERR_GATEWAY_STORE if the store refuses; TransportError ERR_INVALID_OPTIONS if another client
   *   is the member already
   */
  join(member: GatewayFleetMember): Promise<void>
  /**
   * Whether the lease of this shard stands at this moment. It must answer from what the member knows and from the
   * clock: it is asked before each connection, Identify and Resume, and at each event.
   */
  holds(shardId: number): boolean
  /** The member closes its shards, hands their sessions over, or ends them, and is gone. */
  leave(options: { readonly keepSession: boolean }): Promise<void>
}

/**
 * One bot in many processes. It is the session store, the identify throttler and the leases of the shards. Each
 * object is one member, for one gateway client at a time.
 */
export interface GatewayFleet {
  readonly sessionStore: GatewaySessionStore
  readonly identifyThrottler: GatewayIdentifyThrottler
  readonly shardLeases: GatewayShardLeases
}
