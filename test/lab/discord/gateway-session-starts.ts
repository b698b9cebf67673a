/** https://discord.com/developers/docs/events/gateway#session-start-limit-object */
const DAILY_LIMIT = 1000
const WINDOW_MS = 5000

/** How many identifies are left, and how many at once. */
export class SessionStarts {
  total = DAILY_LIMIT
  remaining = DAILY_LIMIT
  resetAfterMs = 4 * 60 * 60_000
  /** Identifies in five seconds for each of so many groups of shards. */
  maxConcurrency = 1
  /** Answer an identify that comes too soon with an invalid session, as Discord does. Default false. */
  enforce = false
  /** Identifies that came too soon, whether it is enforced or not. */
  violations = 0
  readonly #lastByGroup = new Map<number, number>()

  /** Counts an identify. False if it has to be refused. */
  take(shardId: number): boolean {
    const group = shardId % this.maxConcurrency
    const now = Date.now()
    const early = now - (this.#lastByGroup.get(group) ?? -Infinity) < WINDOW_MS
    if (early) this.violations += 1
    if (early && this.enforce) return false
    this.#lastByGroup.set(group, now)
    this.remaining = Math.max(0, this.remaining - 1)
    return true
  }

  toJSON(): Record<string, number> {
    return {
      total: this.total,
      remaining: this.remaining,
      reset_after: this.resetAfterMs,
      max_concurrency: this.maxConcurrency,
    }
  }
}
