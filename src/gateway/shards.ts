import { toError } from '../errors.js'
import { closedGateway, GatewayError } from './gateway-error.js'
import type { GatewayFleetMember } from './fleet.js'
import type { FoundGateway } from './gateway-lookup.js'
import { encodePayload, replacedBy, unsendable } from './outgoing-payload.js'
import type { GatewaySession } from './session.js'
import type { ShardContext, ShardOwner } from './shard-context.js'
import { Shard } from './shard.js'

/** Asks how many shards Discord recommends. */
type Ask = (signal: AbortSignal) => Promise<FoundGateway>

/** The shards that one client runs: how many there are, and which of them sends what. */
export class Shards {
  readonly #context: ShardContext
  readonly #insist: Ask
  readonly #client: ShardOwner
  readonly #shards = new Map<number, Shard>()
  readonly #closing = new AbortController()
  /** Until their number is known. */
  #planned: Promise<void> | undefined
  /** Whether their number is a default and not Discord's answer. */
  #guessed = false
  /** How many shards the bot has in all, here and elsewhere. */
  #total = 1
  /** Whether this client knows which shards it is to run. A member of a fleet may run none. */
  #settled = false
  /** To resume when their number is known. */
  #given: readonly GatewaySession[]

  /** @param insist asks until Discord itself answers */
  constructor(context: ShardContext, insist: Ask, client: ShardOwner) {
    this.#context = context
    this.#insist = insist
    this.#client = client
    this.#given = context.options.session ?? []
  }

  get size(): number {
    return this.#shards.size
  }

  /** Whether every shard that this client is to run stands in the list. */
  get settled(): boolean {
    return this.#settled
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

  get(id: number): Shard | undefined {
    return this.#shards.get(id)
  }

  /**
   * Creates and starts them.
   *
   * @throws GatewayError, TransportError if /gateway/bot says what has to be changed
   */
  open(): Promise<void> {
    return this.#open(this.#context.lookUp)
  }

  /** https://discord.com/developers/docs/events/gateway#sharding */
  idOf(guildId: string): number {
    if (typeof guildId !== 'string' || !/^\d{1,20}$/.test(guildId))
      throw unsendable(
        'guild_id: must be the id of a guild',
        'It is a string of digits, as Discord sends it.',
      )
    return Number((BigInt(guildId) >> 22n) % BigInt(this.#total))
  }

  /**
   * @param shardId asked for when it is known how many there are; undefined is the first
   * @throws GatewayError ERR_GATEWAY_SEND, ERR_GATEWAY_CLOSED
   */
  async send(op: number, d: unknown, shardId: () => number | undefined): Promise<void> {
    const text = encodePayload(op, d)
    if (this.size === 0) await this.#planned
    if (this.#closing.signal.aborted) throw closedGateway()
    const [first] = this
    const id = shardId()
    const shard = id === undefined ? first : this.get(id)
    if (shard === undefined)
      throw unsendable(
        'No such shard runs in this client',
        'Call connect() first, and name one of its shards.',
      )
    return shard.sendText(text, replacedBy(op))
  }

  /** Resolves when the last socket is closed. */
  async close(reason: string, keepSession: boolean): Promise<void> {
    this.#closing.abort(closedGateway())
    if (!keepSession) this.#given = []
    const { fleet } = this.#context.options
    // Without a fleet the shards close at once: a listener that closes the gateway sees no further event.
    if (fleet !== undefined) await fleet.shardLeases.leave({ keepSession })
    await Promise.all([...this].map((shard) => shard.end(reason, keepSession)))
  }

  async #open(ask: Ask): Promise<void> {
    const { fleet } = this.#context.options
    this.#planned = fleet === undefined ? this.#plan(ask) : fleet.shardLeases.join(this.#member())
    await this.#planned
    if (fleet !== undefined) return
    for (const shard of this) shard.start()
  }

  async #plan(ask: Ask): Promise<void> {
    const { shards } = this.#context.options
    if (shards !== 'auto') {
      this.#create(shards.ids, shards.total)
      return
    }
    const { shards: total, session_start_limit: limit } = await ask(this.#closing.signal)
    this.#closing.signal.throwIfAborted()
    this.#guessed = limit === undefined
    this.#create([...Array(total).keys()], total)
  }

  /** Each with its session, if there is one of its own. */
  #create(ids: readonly number[], count: number): void {
    this.#total = count
    this.#settled = true
    const sessions = this.#given
    let unused = sessions.length
    for (const id of ids) {
      const shard = this.#add(id, count)
      const session = sessions.find(({ shardId, shardCount }) => shardId === id && shardCount === count)
      if (session !== undefined) {
        shard.restore(session)
        unused -= 1
      }
    }
    if (unused > 0) this.#debug(`${unused} of the given sessions belong to no shard of this client`)
  }

  #add(id: number, count: number): Shard {
    const owner: ShardOwner = { ...this.#client, failed: (error) => this.#failed(error) }
    const shard = new Shard(id, count, this.#context, owner)
    this.#shards.set(id, shard)
    return shard
  }

  /** As a member of a fleet, which says which shards to run. */
  #member(): GatewayFleetMember {
    const { shards } = this.#context.options
    return {
      shardCount: shards === 'auto' ? undefined : shards.total,
      recommendedShards: async () => (await this.#insist(this.#closing.signal)).shards,
      open: (id, count) => {
        if (this.#closing.signal.aborted) return
        this.#total = count
        this.#add(id, count).start()
      },
      close: async (id, { keepSession, reason }) => {
        const shard = this.#shards.get(id)
        await shard?.end(reason, keepSession)
        this.#shards.delete(id)
        this.#client.changed()
        return shard?.session ?? null
      },
      settled: (isSettled) => {
        this.#settled = isSettled
        this.#client.changed()
      },
      debug: (line) => this.#debug(line),
    }
  }

  #failed(error: Error): void {
    const tooFew = error instanceof GatewayError && error.code === 'ERR_GATEWAY_SHARDING'
    if (tooFew && this.#guessed) void this.#openAnew()
    else this.#client.failed(error)
  }

  /** Discord could not be asked how many shards it wants, and now says that it is more than one. */
  async #openAnew(): Promise<void> {
    this.#guessed = false
    this.#debug('one shard is too few: asking how many until Discord answers')
    const guess = [...this]
    this.#shards.clear()
    try {
      await Promise.all(guess.map((shard) => shard.end('its number was a guess', false)))
      await this.#open(this.#insist)
    } catch (error) {
      this.#client.failed(toError(error))
    }
  }

  #debug(line: string): void {
    this.#context.emit('debug', line, null)
  }
}
