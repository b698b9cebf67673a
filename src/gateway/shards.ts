import { closedGateway, GatewayError } from './gateway-error.js'
import type { GatewayInfo } from './gateway-info.js'
import { Opcode } from '../discord/opcodes.js'
import { encodePayload, unsendable } from './outgoing-payload.js'
import type { GatewaySession } from './session.js'
import type { ShardContext, ShardOwner } from './shard-context.js'
import { Shard } from './shard.js'
import { startInWaves } from './waves.js'

/** The shards that one client runs: how many, when each starts, and which of them sends what. */
export class Shards {
  readonly #context: ShardContext
  /** Of each shard. */
  readonly #owner: ShardOwner
  readonly #fail: (error: Error) => void
  readonly #shards = new Map<number, Shard>()
  readonly #closing = new AbortController()
  /** Until their number is known. */
  #planned: Promise<void> | undefined
  /** Whether their number is not Discord's. */
  #guessed = false
  /** To resume when their number is known. */
  #given: readonly GatewaySession[]

  constructor(context: ShardContext, owner: ShardOwner) {
    this.#context = context
    this.#given = context.options.sessions
    this.#fail = (error) => owner.failed(error)
    this.#owner = { ...owner, failed: (error) => this.#failed(error) }
  }

  get size(): number {
    return this.#shards.size
  }

  get ids(): readonly number[] {
    return [...this.#shards.keys()]
  }

  get sessions(): readonly GatewaySession[] {
    if (this.size === 0) return this.#given
    return [...this].flatMap(({ session }) => (session === null ? [] : [session]))
  }

  [Symbol.iterator](): Iterator<Shard> {
    return this.#shards.values()
  }

  /**
   * Creates and starts them.
   *
   * @throws GatewayError, TransportError where /gateway/bot says what has to be changed
   */
  open(): Promise<void> {
    return this.#open(() => this.#context.info.get())
  }

  /** https://discord.com/developers/docs/events/gateway#sharding */
  idOf(guildId: string): number {
    if (typeof guildId !== 'string' || !/^\d{1,20}$/.test(guildId))
      throw unsendable(
        'guild_id: must be the id of a guild',
        'It is a string of digits, as Discord sends it.',
      )
    return Number((BigInt(guildId) >> 22n) % BigInt(this.#get(undefined)?.count ?? 1))
  }

  /**
   * @param shardId asked for when it is known how many there are; undefined is the first
   * @throws GatewayError ERR_GATEWAY_SEND, ERR_GATEWAY_CLOSED
   */
  async send(op: number, d: unknown, shardId: () => number | undefined): Promise<void> {
    const text = encodePayload(op, d)
    if (this.size === 0) await this.#planned
    if (this.#closing.signal.aborted) throw closedGateway()
    const shard = this.#get(shardId())
    if (shard === undefined)
      throw unsendable(
        'No such shard runs in this client',
        'Call connect() first, and name one of its shards.',
      )
    return shard.send(text, op === Opcode.PresenceUpdate ? 'presence' : undefined)
  }

  /** Resolves when the last socket is closed. */
  async close(reason: string, keepSession: boolean): Promise<void> {
    this.#closing.abort()
    if (!keepSession) this.#given = []
    await Promise.all([...this].map((shard) => shard.close(reason, keepSession)))
  }

  #get(id: number | undefined): Shard | undefined {
    if (id !== undefined) return this.#shards.get(id)
    const [first] = this
    return first
  }

  async #open(ask: () => Promise<GatewayInfo>): Promise<void> {
    this.#planned = this.#plan(ask)
    await this.#planned
    await this.#start()
  }

  async #plan(ask: () => Promise<GatewayInfo>): Promise<void> {
    const { shards } = this.#context.options
    if (shards !== 'auto') {
      this.#create(shards.ids, shards.total)
      return
    }
    const { shards: total, sessionStartLimit } = await ask()
    if (this.#closing.signal.aborted) throw closedGateway()
    this.#guessed = sessionStartLimit === undefined
    this.#create([...Array(total).keys()], total)
  }

  /** Each with its session, if there is one of its own. */
  #create(ids: readonly number[], count: number): void {
    const sessions = this.#given
    let unused = sessions.length
    for (const id of ids) {
      const shard = new Shard(id, count, this.#context, this.#owner)
      const session = sessions.find(({ shardId, shardCount }) => shardId === id && shardCount === count)
      if (session !== undefined) {
        shard.restore(session)
        unused -= 1
      }
      this.#shards.set(id, shard)
    }
    if (unused > 0)
      this.#owner.debug(`of the sessions given, ${unused} are of no shard that runs in this client`, null)
  }

  /** Those with a session at once, the others as Discord lets them identify. */
  async #start(): Promise<void> {
    const shards = [...this]
    const fresh = shards.filter(({ session }) => session === null)
    for (const shard of shards) if (shard.session !== null) shard.start()
    const limit = fresh.length > 1 ? (await this.#context.info.get()).sessionStartLimit : undefined
    startInWaves(fresh, limit?.maxConcurrency ?? 1, this.#closing.signal)
  }

  #failed(error: Error): void {
    const tooFew = error instanceof GatewayError && error.code === 'ERR_GATEWAY_SHARDING'
    if (tooFew && this.#guessed) void this.#openAnew()
    else this.#fail(error)
  }

  /** Discord could not be asked how many shards it takes, and now says that it is more than one. */
  async #openAnew(): Promise<void> {
    this.#guessed = false
    this.#owner.debug('one shard is too few: asking how many until Discord answers', null)
    const guess = [...this]
    this.#shards.clear()
    try {
      await Promise.all(guess.map((shard) => shard.close('its number was a guess', false)))
      await this.#open(() => this.#context.info.insist())
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
