import { createClient } from 'redis'
import type { GatewayClient, GatewayClientOptions } from '../../src/index.js'
import { redisFleet, type Fleet } from '../../src/fleet/index.js'
import type { DiscordOptions } from '../lab/discord/index.js'
import { GatewayLab } from '../gateway/gateway-lab.js'
import { RedisServer } from './redis-server.js'

/** One process of a bot, as far as its fleet knows. */
export interface LabMember {
  readonly fleet: Fleet
  readonly gateway: GatewayClient
  readonly lines: readonly string[]
}

/** What a listener was told of an event. */
export interface Seen {
  readonly number: number
  readonly session: string
  readonly sequence: number
  readonly replayed: boolean
  readonly member: number
}

/** Discord, Redis and members of one fleet in this process. */
export class FleetLab {
  readonly redis: RedisServer
  readonly gateways: GatewayLab
  readonly seen: Seen[] = []
  readonly #members: LabMember[] = []
  #number = 0

  private constructor(redis: RedisServer, gateways: GatewayLab) {
    this.redis = redis
    this.gateways = gateways
  }

  static async start(discord: Partial<DiscordOptions> = {}): Promise<FleetLab> {
    const [redis, gateways] = await Promise.all([
      RedisServer.start(),
      GatewayLab.start({ replayLimit: 100_000, ...discord }),
    ])
    gateways.discord.gateway.sessionStarts.maxConcurrency = 16
    return new FleetLab(redis, gateways)
  }

  get discord(): GatewayLab['discord'] {
    return this.gateways.discord
  }

  /** The shards with a session that a connection carries, each as often as it has one. */
  get live(): readonly number[] {
    return this.discord.gateway.sessions
      .filter(({ connection }) => connection?.open === true)
      .map(({ shard: [id] }) => id)
      .sort((a, b) => a - b)
  }

  /** An event to every session; its number. */
  dispatch(): number {
    this.#number += 1
    this.discord.gateway.dispatch('LAB', { number: this.#number })
    return this.#number
  }

  client() {
    return createClient({ url: this.redis.url, socket: { reconnectStrategy: 100 } })
  }

  member(options: Partial<GatewayClientOptions> = {}, fleet = this.#fleet()): LabMember {
    const gateway = this.gateways.createGateway({ shards: 4, fleet, ...options })
    const lines: string[] = []
    const index = this.#members.length
    gateway.on('debug', (line, shard) => lines.push(`${shard ?? '-'} ${line}`))
    gateway.on('dispatch', ({ t, d }, _shard, _raw, { sessionId: session, sequence, replayed }) => {
      const data: unknown = d
      if ((t as string) !== 'LAB' || typeof data !== 'object' || data === null || !('number' in data)) return
      this.seen.push({ number: Number(data.number), session, sequence, replayed, member: index })
    })
    const member = { fleet, gateway, lines }
    this.#members.push(member)
    return member
  }

  async close(): Promise<void> {
    await this.gateways.close()
    await this.redis.close()
  }

  #fleet(): Fleet {
    return redisFleet(this.client(), { name: 'lab' })
  }
}
