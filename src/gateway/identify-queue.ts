import type { SessionStartLimit } from '../discord/gateway-bot.js'
import { abortable, leaveOnce, type Leave } from '../reconnect/abortable.js'

/** Decides when a shard may identify. It is the interface of @discordjs/ws. */
export interface GatewayIdentifyThrottler {
  /** Resolves when the shard may identify. The shard identifies at once, or the signal has aborted. */
  waitForIdentify(shardId: number, signal: AbortSignal): PromiseLike<void>
  /**
   * Resolves when the shard should open its connection, a moment before its turn, so that it does not wait for its turn
   * with an open one. An abort gives the turn back. Default: at once.
   */
  prepare?(shardId: number, signal: AbortSignal): PromiseLike<void>
  /** What Discord says of the limits. Called before each new session, with an answer that may be known already. */
  configure?(limit: SessionStartLimit): void
}

/**
 * https://discord.com/developers/docs/events/gateway#sharding-max-concurrency: one identify in five seconds for
 * each `shard_id % max_concurrency`. Discord counts when they arrive, and the later of two can travel faster.
 */
const WINDOW_MS = 5_000 + 500
/** So long before its turn a shard opens its connection: HELLO should have arrived when it may identify. */
const LEAD_MS = 1_000

const DAY_MS = 24 * 60 * 60_000
/** The longest timer of Node: a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

interface Waiter {
  readonly shardId: number
  readonly admit: () => void
  /** The session starts of the day are used up. Called with the milliseconds until they reset. */
  readonly exhausted?: ((waitMs: number) => void) | undefined
}

/** The turns of all shards of one bot, with one timer. */
export class IdentifyQueue implements GatewayIdentifyThrottler {
  /** Shards that wait to open their connection. */
  readonly #opening = new Set<Waiter>()
  /** Shards that may open their connection and have not identified yet: one in each bucket. */
  readonly #opened = new Set<Waiter>()
  /** Shards that have HELLO and wait to identify. */
  readonly #identifying = new Set<Waiter>()
  readonly #freeAt = new Map<number, number>()
  /** For buckets that are not in the map. */
  #allFreeAt = 0
  #limit: SessionStartLimit = {
    total: Infinity,
    remaining: Infinity,
    reset_after: DAY_MS,
    max_concurrency: 1,
  }
  #remaining = Infinity
  #resetAt = Infinity
  #told = false
  #timer: NodeJS.Timeout | undefined

  get remaining(): number {
    return this.#remaining
  }

  /** What /gateway/bot says. */
  configure(limit: SessionStartLimit): void {
    if (limit.max_concurrency !== this.#limit.max_concurrency) {
      // A shard that identified a moment ago may now share its bucket with any other.
      this.#allFreeAt = Math.max(this.#allFreeAt, ...this.#freeAt.values())
      this.#freeAt.clear()
    }
    this.#limit = limit
    this.#remaining = limit.remaining
    this.#resetAt = performance.now() + limit.reset_after
    this.#told = false
    this.#admit()
  }

  /**
   * Resolves when the shard is the next of its bucket and its turn is near, so that it should open its connection.
   * No other shard of the bucket does so before this one has identified and called the result, or has given up.
   *
   * @param exhausted called if the shard has to wait for the next day's session starts
   */
  enter(shardId: number, signal: AbortSignal, exhausted?: (waitMs: number) => void): Promise<Leave> {
    return this.#wait(this.#opening, { shardId, exhausted }, signal, (opening) => {
      this.#opened.add(opening)
      return leaveOnce(signal, () => {
        this.#opened.delete(opening)
        this.#admit()
      })
    })
  }

  /** Resolves when this shard may identify, and counts it. */
  waitForIdentify(shardId: number, signal: AbortSignal): Promise<void> {
    return this.#wait(this.#identifying, { shardId }, signal, () => {
      this.#freeAt.set(this.#bucket(shardId), performance.now() + WINDOW_MS)
      this.#remaining -= 1
    })
  }

  #wait<Result>(
    waiting: Set<Waiter>,
    shard: Omit<Waiter, 'admit'>,
    signal: AbortSignal,
    admitted: (waiter: Waiter) => Result,
  ): Promise<Result> {
    return abortable(signal, (resolve) => {
      const waiter: Waiter = {
        ...shard,
        admit: () => {
          waiting.delete(waiter)
          resolve(admitted(waiter))
        },
      }
      waiting.add(waiter)
      this.#admit()
      return () => {
        waiting.delete(waiter)
        this.#admit()
      }
    })
  }

  #bucket(shardId: number): number {
    return shardId % this.#limit.max_concurrency
  }

  /** When a shard of this bucket may identify, or do so much earlier what comes before. */
  #turnAt(bucket: number, leadMs: number): number {
    if (this.#remaining <= 0) return this.#resetAt
    return (this.#freeAt.get(bucket) ?? this.#allFreeAt) - leadMs
  }

  #admit(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const now = performance.now()
    if (now >= this.#resetAt) {
      this.#remaining = this.#limit.total
      this.#resetAt = now + DAY_MS
    }
    let next = Infinity
    const look = (waiter: Waiter, leadMs: number): void => {
      const at = this.#turnAt(this.#bucket(waiter.shardId), leadMs)
      if (now >= at) waiter.admit()
      else next = Math.min(next, at)
    }
    for (const waiter of this.#identifying) look(waiter, 0)
    const taken = new Set([...this.#opened].map(({ shardId }) => this.#bucket(shardId)))
    for (const opening of this.#opening) {
      const bucket = this.#bucket(opening.shardId)
      // The first that waits for a bucket keeps the others of the bucket waiting.
      if (!taken.has(bucket)) look(opening, LEAD_MS)
      taken.add(bucket)
    }
    if (next !== Infinity) this.#wakeAt(next, now)
  }

  #wakeAt(at: number, now: number): void {
    const waitMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(at - now)))
    this.#timer = setTimeout(() => this.#admit(), waitMs)
    const [first] = this.#opening
    if (this.#remaining > 0 || this.#told || first === undefined) return
    this.#told = true
    first.exhausted?.(Math.ceil(this.#resetAt - now))
  }
}
