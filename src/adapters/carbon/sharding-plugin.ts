import type { Client } from '@buape/carbon'
import type { GatewayPlugin } from '@buape/carbon/gateway'
import { ShardingPlugin, type ShardingPluginOptions } from '@buape/carbon/sharding'
import type { DiscordTransport, GatewayFleet, GatewaySession } from '../../index.js'
import { recommendedShards } from '../recommended-shards.js'
import { ShardLease } from '../shard-lease.js'
import { requireTransport } from '../transport-option.js'
import { ProxyGatewayPlugin } from './gateway-plugin.js'

/**
 * Carbon's ShardingPluginOptions, the transport that carries the shards, and the fleet that divides them. Without
 * `totalShards` there are as many as the fleet has, or as Discord recommends.
 */
export type ProxyShardingPluginOptions = Omit<ShardingPluginOptions, 'shardIds' | 'maxConcurrency'> & {
  readonly transport: DiscordTransport
  readonly fleet: GatewayFleet
}

interface RunningShard {
  readonly plugin: ProxyGatewayPlugin
  readonly lease: ShardLease
}

/**
 * Carbon's ShardingPlugin as a member of a fleet, for Carbon 0.14 to 0.16: its shards come and go as the fleet gives
 * them, and each runs on a ProxyGatewayPlugin that resumes what another member had.
 */
export class ProxyShardingPlugin extends ShardingPlugin {
  readonly #transport: DiscordTransport
  readonly #fleet: GatewayFleet
  readonly #running = new Map<number, RunningShard>()

  /** @throws TransportError ERR_INVALID_OPTIONS without a transport */
  constructor({ transport, fleet, ...options }: ProxyShardingPluginOptions) {
    requireTransport(transport)
    super(options)
    this.#transport = transport
    this.#fleet = fleet
  }

  /**
   * Joins the fleet, and opens the shards that it gives.
   *
   * @throws GatewayError ERR_GATEWAY_STORE if the fleet's store refuses
   */
  override async registerClient(client: Client): Promise<void> {
    this.client = client
    await this.#fleet.shardLeases.join({
      shardCount: this.config.totalShards,
      recommendedShards: () => recommendedShards(this.#transport, client.options.token),
      open: (shardId, shardCount) => this.#open(client, shardId, shardCount),
      close: (shardId) => this.#close(shardId),
      settled: () => undefined,
      debug: () => undefined,
    })
  }

  /** Leaves the fleet: other members resume the sessions. */
  override disconnect(): void {
    void this.left()
  }

  /** The same; resolves when the shards are closed and handed over. */
  async left(): Promise<void> {
    await this.#fleet.shardLeases.leave({ keepSession: true })
  }

  #open(client: Client, shardId: number, shardCount: number): void {
    // What Carbon calculates the shard of a guild with.
    this.config.totalShards = shardCount
    const lease = new ShardLease(this.#fleet, shardId, shardCount)
    const shard = [shardId, shardCount] as [number, number]
    const plugin = new ProxyGatewayPlugin({
      ...this.config,
      transport: this.#transport,
      shard,
      fleet: lease,
    })
    this.#running.set(shardId, { plugin, lease })
    const shards: Map<number, GatewayPlugin> = this.shards
    shards.set(shardId, plugin)
    // As with Carbon's own: a failure that no repetition mends ends the process, unless somebody handles it.
    void plugin.registerClient(client)
  }

  async #close(shardId: number): Promise<GatewaySession | null> {
    const running = this.#running.get(shardId)
    this.#running.delete(shardId)
    this.shards.delete(shardId)
    await running?.plugin.closed()
    return running?.lease.session ?? null
  }
}
