import type { Collection } from '@discordjs/collection'
import {
  GatewayDispatchEvents,
  GatewayOpcodes,
  type GatewayDispatchPayload,
  type GatewaySendPayload,
} from 'discord-api-types/v10'
import {
  GatewayError,
  type DiscordTransport,
  type GatewayClient,
  type GatewayClientOptions,
  type GatewayFleet,
  type GatewayDisconnected,
  type GatewaySessionStore,
  type ShardState,
} from '../../index.js'
import {
  collectionOf,
  ManagerEvents,
  tokenOf,
  toSession,
  toSessionInfo,
  type IdentifyThrottler,
  type Manager,
} from './manager.js'
import type { GatewayLimits } from '../gateway-limits.js'

export interface StrategySettings {
  readonly transport: DiscordTransport
  readonly limits: GatewayLimits
  /** The lease of the only shard, which has the turns to identify too. */
  readonly fleet?: GatewayFleet | undefined
  /** The user's own; without one the transport's queue decides, which all gateways of a token share. */
  readonly buildIdentifyThrottler?:
    ((manager: never) => IdentifyThrottler | PromiseLike<IdentifyThrottler>) | undefined
}

/** What @discordjs/ws says of a connection that was left so that its session goes on. */
const LEFT_RESUMABLE = 4200
/** RFC 6455, section 7.1.5: a connection that ended without a close frame. */
const NO_CLOSE_FRAME = 1006
const NORMAL = 1000

/** The errors that @discordjs/ws gives for the close codes after which it gives up. */
const FATAL_CLOSES: Readonly<Partial<Record<number, string>>> = {
  4004: 'Authentication failed',
  4010: 'Invalid shard',
  4011: 'Sharding is required',
  4012: 'Used an invalid API version',
  4013: 'Used invalid intents',
  4014: 'Used disallowed intents',
}

/** The states of @discordjs/ws: Idle, Connecting, Resuming, Ready. */
const STATUS: Readonly<Record<ShardState, number>> = {
  idle: 0,
  connecting: 1,
  identifying: 1,
  resuming: 2,
  ready: 3,
  waiting: 1,
  closing: 0,
  closed: 0,
}

/**
 * A sharding strategy of @discordjs/ws, lines 1.2 and 2, whose shards are those of the transport's gateway client:
 * https://github.com/discordjs/discord.js/blob/main/packages/ws/src/strategies/sharding/IShardingStrategy.ts
 */
export class TransportShardingStrategy {
  readonly #manager: Manager
  readonly #settings: StrategySettings
  readonly #events: ManagerEvents
  /** Shards whose session has been announced to the manager. */
  readonly #announced = new Set<number>()
  #gateway: GatewayClient | undefined
  #shardIds: readonly number[] = []

  constructor(manager: Manager, settings: StrategySettings) {
    this.#manager = manager
    this.#settings = settings
    this.#events = new ManagerEvents(manager)
  }

  /** Makes the shards; `connect()` opens them. */
  async spawn(shardIds: readonly number[]): Promise<void> {
    const { options } = this.#manager
    const { transport, limits } = this.#settings
    const gateway = transport.createGateway({
      token: tokenOf(this.#manager),
      intents: options.intents,
      ...(await this.#ownership(shardIds)),
      gatewayInfo: () => this.#manager.fetchGatewayInformation(),
      ...limits,
      properties: options.identifyProperties,
      ...(options.initialPresence === null ? undefined : { presence: options.initialPresence }),
      ...(options.largeThreshold === null ? undefined : { largeThreshold: options.largeThreshold }),
    })
    this.#shardIds = shardIds
    this.#gateway = gateway
    this.#announced.clear()
    gateway.on('dispatch', (payload, shardId) => this.#dispatch(payload, shardId))
    gateway.on('heartbeat', ({ shardId, ...times }) =>
      this.#events.emit('heartbeat', shardId, undefined, times),
    )
    gateway.on('debug', (message, shardId) => this.#debug(message, shardId))
    gateway.on('disconnected', (disconnected) => this.#disconnected(disconnected))
  }

  /** Which shards there are, what they resume and when they identify: the manager's own, or the fleet's. */
  async #ownership(
    shardIds: readonly number[],
  ): Promise<Pick<GatewayClientOptions, 'shards' | 'fleet' | 'identifyThrottler' | 'sessionStore'>> {
    const { options } = this.#manager
    const { fleet, buildIdentifyThrottler } = this.#settings
    const manager: object = this.#manager
    const count = await this.#manager.getShardCount()
    const sessionStore: GatewaySessionStore = {
      load: async (shardId) => {
        const session = await options.retrieveSessionInfo(shardId)
        return session === null ? null : toSession(session)
      },
      save: (session) => options.updateSessionInfo(session.shardId, toSessionInfo(session)),
      remove: (shardId) => options.updateSessionInfo(shardId, null),
    }
    if (fleet !== undefined) return { shards: count, fleet: toldTo(sessionStore, fleet) }
    return {
      shards: [shardIds, count],
      identifyThrottler: await buildIdentifyThrottler?.(manager as never),
      sessionStore,
    }
  }

  /** @throws what @discordjs/ws throws where Discord refuses the bot for good, and TransportError */
  async connect(): Promise<void> {
    try {
      await this.#gateway?.connect()
    } catch (error) {
      throw asFatal(error)
    }
  }

  async destroy(options: { readonly code?: number } = {}): Promise<void> {
    const gateway = this.#gateway
    this.#gateway = undefined
    await gateway?.close({ keepSession: (options.code ?? NORMAL) !== NORMAL })
  }

  /** @throws RangeError for a shard that is not of this strategy */
  async send(shardId: number, payload: GatewaySendPayload): Promise<void> {
    const gateway = this.#gateway
    if (gateway === undefined || !this.#shardIds.includes(shardId))
      throw new RangeError(`Shard ${shardId} not found`)
    // The gateway client repeats the presence of its only shard in sessions to come.
    if (payload.op === GatewayOpcodes.PresenceUpdate && this.#shardIds.length === 1)
      await gateway.updatePresence(payload.d)
    else await gateway.send(payload, shardId)
  }

  fetchStatus(): Collection<number, number> {
    const shards = this.#gateway?.shards ?? []
    return collectionOf(
      this.#manager,
      this.#shardIds.map(
        (id) => [id, STATUS[shards.find((shard) => shard.id === id)?.state ?? 'idle']] as const,
      ),
    )
  }

  #dispatch(payload: GatewayDispatchPayload, shardId: number): void {
    // Before the first event of a connection: the manager reads from its stored session whether it resumes.
    if (!this.#announced.has(shardId)) {
      this.#announced.add(shardId)
      this.#events.emit('hello', shardId)
    }
    if (payload.t === GatewayDispatchEvents.Ready) this.#events.emit('ready', shardId, 'data', payload.d)
    if (payload.t === GatewayDispatchEvents.Resumed) this.#events.emit('resumed', shardId)
    this.#events.emit('dispatch', shardId, 'data', payload)
  }

  #disconnected({ shardId, error, closeCode }: GatewayDisconnected): void {
    this.#announced.delete(shardId)
    if (error !== null) {
      if (closeCode !== null && closeCode in FATAL_CLOSES) this.#events.failed(shardId, asFatal(error))
      else if (closeCode === null) this.#events.connectionFailed(shardId, error)
    }
    this.#events.closed(shardId, closeCode ?? (error === null ? LEFT_RESUMABLE : NO_CLOSE_FRAME))
  }

  #debug(message: string, shardId: number | null): void {
    const [first = 0] = this.#shardIds
    this.#events.emit('debug', shardId ?? first, 'message', message)
  }
}

/** The fleet keeps the sessions, but discord.js reads its own copy at each RESUMED, and throws without one. */
function toldTo(
  manager: GatewaySessionStore,
  { sessionStore, identifyThrottler, shardLeases }: GatewayFleet,
): GatewayFleet {
  return {
    identifyThrottler,
    shardLeases,
    sessionStore: {
      load: (shardId) => sessionStore.load(shardId),
      save: (session) => {
        manager.save(session)
        return sessionStore.save(session)
      },
      remove: (shardId) => {
        manager.remove(shardId)
        return sessionStore.remove(shardId)
      },
    },
  }
}

/** In the words of @discordjs/ws, since programs look for them; our own error is its cause. */
function asFatal(error: unknown): Error {
  const words = error instanceof GatewayError ? FATAL_CLOSES[error.closeCode ?? 0] : undefined
  if (words !== undefined) return new Error(words, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}
