import type {
  GatewayDispatchPayload,
  GatewayPresenceUpdateData,
  GatewayReadyDispatchData,
} from 'discord-api-types/v10'
import type { ConnectLimit } from './connect-limit.js'
import type { ConnectionSettings } from './connection.js'
import type { GatewayReconnecting, GatewayResumed } from './events.js'
import type { GatewayInfoSource } from './gateway-info.js'
import type { IdentifyQueue } from './identify-queue.js'
import type { ResolvedGatewayOptions } from './resolved-options.js'

/** What all shards of a client share. */
export interface ShardContext {
  readonly options: ResolvedGatewayOptions
  /** Known once the number of shards is. */
  readonly connection: () => ConnectionSettings
  readonly info: GatewayInfoSource
  readonly identifies: IdentifyQueue
  readonly connects: ConnectLimit
  readonly random: () => number
  /** With which a session begins. */
  readonly presence: () => GatewayPresenceUpdateData | undefined
}

/** What a shard reports. None of it may throw. */
export interface ShardOwner {
  changed(): void
  ready(data: GatewayReadyDispatchData, shardId: number): void
  resumed(resumed: GatewayResumed): void
  dispatch(payload: GatewayDispatchPayload, shardId: number): void
  reconnecting(reconnecting: GatewayReconnecting): void
  /** It will not come back: what has to be changed. */
  failed(error: Error): void
  debug(message: string, shardId: number | null): void
}
