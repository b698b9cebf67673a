/** https://discord.com/developers/docs/events/gateway#session-start-limit-object */
export interface SessionStartLimit {
  readonly total: number
  readonly remaining: number
  readonly resetAfterMs: number
  readonly maxConcurrency: number
}

/**
 * https://discord.com/developers/docs/events/gateway#sharding-max-concurrency: one identify in five seconds for
 * each `shard_id % max_concurrency`. Discord counts when they arrive, and the later of two can travel faster.
 */
const WINDOW_MS = 5_000 + 500

const DAY_MS = 24 * 60 * 60_000
/** A timer of Node's that is to wait for longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

interface Waiter {
  readonly shardId: number
  readonly grant: () => void
}

/** Who may identify when: for all shards of one client, with one timer. */
export class IdentifyQueue {
  readonly #onExhausted: (waitMs: number) => void
  readonly #waiting = new Set<Waiter>()
  readonly #freeAt = new Map<number, number>()
  /** For buckets that are not in the map. */
  #allFreeAt = 0
  #limit: SessionStartLimit = {
    total: Infinity,
    remaining: Infinity,
    resetAfterMs: DAY_MS,
    maxConcurrency: 1,
  }
  #remaining = Infinity
  #resetAt = Infinity
  #told = false
  #timer: NodeJS.Timeout | undefined

  /** @param onExhausted told when the day's session starts are used up, and for how long */
  constructor(onExhausted: (waitMs: number) => void) {
    this.#onExhausted = onExhausted
  }

  get remaining(): number {
    return this.#remaining
  }

  /** What /gateway/bot says. */
  configure(limit: SessionStartLimit): void {
    if (limit.maxConcurrency !== this.#limit.maxConcurrency) {
      // Whoever identified a moment ago may now share a bucket with anyone.
      this.#allFreeAt = Math.max(this.#allFreeAt, ...this.#freeAt.values())
      this.#freeAt.clear()
    }
    this.#limit = limit
    this.#remaining = limit.remaining
    this.#resetAt = performance.now() + limit.resetAfterMs
    this.#told = false
    this.#grant()
  }

  /** Resolves when this shard may identify, and counts it. Rejects with the signal's reason. */
  turn(shardId: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abandon = (): void => {
        this.#waiting.delete(waiter)
        if (this.#waiting.size === 0) this.close()
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      const waiter: Waiter = {
        shardId,
        grant: () => {
          signal.removeEventListener('abort', abandon)
          resolve()
        },
      }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', abandon, { once: true })
      this.#grant()
    })
  }

  /** Leaves no timer behind; whoever waits is given up by its own signal. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #grant(): void {
    const now = performance.now()
    if (now >= this.#resetAt) {
      this.#remaining = this.#limit.total
      this.#resetAt = now + DAY_MS
    }
    let next = Infinity
    for (const waiter of this.#waiting) {
      if (this.#remaining <= 0) {
        next = this.#resetAt
        break
      }
      const bucket = waiter.shardId % this.#limit.maxConcurrency
      const freeAt = this.#freeAt.get(bucket) ?? this.#allFreeAt
      if (now < freeAt) {
        next = Math.min(next, freeAt)
        continue
      }
      this.#freeAt.set(bucket, now + WINDOW_MS)
      this.#remaining -= 1
      this.#waiting.delete(waiter)
      waiter.grant()
    }
    this.close()
    if (next === Infinity) return
    const waitMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(next - now)))
    this.#timer = setTimeout(() => this.#grant(), waitMs)
    if (this.#remaining <= 0 && !this.#told) {
      this.#told = true
      this.#onExhausted(waitMs)
    }
  }
}
