import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import type { ConnectLimit } from '../reconnect/connect-limit.js'
import type { ConnectionSettings } from './connection.js'
import type { Emit } from './events.js'
import type { FoundGateway } from './gateway-lookup.js'
import type { GatewayIdentifyThrottler, IdentifyQueue } from './identify-queue.js'
import type { GatewayLinks } from './links.js'
import type { ResolvedGatewayOptions } from './options/parse.js'

/** What all shards of a client share. */
export interface ShardContext {
  readonly options: ResolvedGatewayOptions
  readonly links: Pick<GatewayLinks, 'onProxyReturn'>
  /** Known when the number of shards is. */
  readonly connection: () => ConnectionSettings
  readonly identifies: IdentifyQueue
  readonly throttler: GatewayIdentifyThrottler
  /** Whether this client may run the shard at this moment: always, or while its lease stands. */
  readonly holds: (shardId: number) => boolean
  /** Where to connect. Rejects with the signal's reason too. */
  readonly lookUp: (signal: AbortSignal) => Promise<FoundGateway>
  readonly connects: ConnectLimit
  readonly random: () => number
  /** The presence with which a session begins. */
  readonly presence: () => GatewayPresenceUpdateData | undefined
  readonly emit: Emit
}

/** What a shard reports. None of it may throw. */
export interface ShardOwner {
  /** Its state. */
  changed(): void
  /** It will not come back. The error says what has to be changed. */
  failed(error: Error): void
}
