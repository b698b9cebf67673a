import type { Client } from 'discord.js'
import type { DiscordTransport, GatewayFleet } from '../../index.js'
import { recommendedShards } from '../recommended-shards.js'
import { ShardLease } from '../shard-lease.js'
import { requireTransport } from '../transport-option.js'

/** Options of `joinFleet()`. */
export interface JoinFleetOptions {
  /** The member: `redisFleet(client, { name })` of `discord-transport/redis`. */
  readonly fleet: GatewayFleet
  /** The bot's token. */
  readonly token: string
  /** How many shards the bot has in all. Default: as many as the fleet has, or as Discord recommends. */
  readonly shards?: number | undefined
  /**
   * Makes the Client of one shard, with its listeners. It is logged in by the fleet.
   *
   * @param options for `clientOptions(transport, { ...options, intents })`
   */
  readonly create: (options: FleetShardOptions) => Client
  /** A Client could not be logged in. Default: a warning of the process. */
  readonly onError?: ((error: Error, shardId: number) => void) | undefined
}

/** What the fleet decides of one Client. */
export interface FleetShardOptions {
  readonly shards: [shardId: number]
  readonly shardCount: number
  /** The lease of the shard. */
  readonly fleet: GatewayFleet
}

/** This process as a member of a fleet of discord.js. */
export interface FleetClients {
  /** The Clients that run here now, by their shard. */
  readonly clients: ReadonlyMap<number, Client>
  /** Destroys the Clients and leaves the fleet: other members log theirs in. */
  leave(): Promise<void>
}

/**
 * One bot of discord.js 14 in many processes: a Client for each shard that the fleet gives to this one. A shard that
 * comes to another process identifies anew, since discord.js fills its caches from READY and GUILD_CREATE alone.
 * Resolves when the process is a member and its first Clients have been made.
 *
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 * @throws GatewayError ERR_GATEWAY_STORE if the store of the fleet refuses
 */
export async function joinFleet(
  transport: DiscordTransport,
  { fleet, token, shards, create, onError = warn }: JoinFleetOptions,
): Promise<FleetClients> {
  requireTransport(transport)
  const clients = new Map<number, Client>()
  const withoutSessions = { ...partsOf(fleet), sessionStore: NO_SESSIONS }
  await fleet.shardLeases.join({
    shardCount: shards,
    recommendedShards: () => recommendedShards(transport, token),
    open: (shardId, shardCount) => {
      const lease = new ShardLease(withoutSessions, shardId, shardCount)
      const client = create({ shards: [shardId], shardCount, fleet: lease })
      clients.set(shardId, client)
      client.login(token).catch((error: unknown) => {
        if (clients.get(shardId) === client)
          onError(error instanceof Error ? error : new Error('unknown'), shardId)
      })
    },
    close: async (shardId) => {
      const client = clients.get(shardId)
      clients.delete(shardId)
      await client?.destroy()
      return null
    },
    settled: () => undefined,
    debug: () => undefined,
  })
  return { clients, leave: () => fleet.shardLeases.leave({ keepSession: false }) }
}

/** Without GUILD_CREATE a Client that resumed would know no guild, and be deaf to its messages. */
const NO_SESSIONS: GatewayFleet['sessionStore'] = {
  load: () => null,
  save: () => undefined,
  remove: () => undefined,
}

function partsOf({ sessionStore, identifyThrottler, shardLeases }: GatewayFleet): GatewayFleet {
  return { sessionStore, identifyThrottler, shardLeases }
}

function warn(error: Error): void {
  process.emitWarning(error)
}
