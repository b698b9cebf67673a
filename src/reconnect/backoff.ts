/** Exponential back-off of one shard. */
export interface BackoffSettings {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * Full jitter: anything from nothing to the exponential bound, so that hundreds of shards whose proxy went
 * down do not come back in one wave (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
 * The first attempt after a working connection goes at once.
 */
export class Backoff {
  readonly #settings: BackoffSettings
  readonly #random: () => number
  #failures = 0

  constructor(settings: BackoffSettings, random: () => number) {
    this.#settings = settings
    this.#random = random
  }

  /** Attempts in a row that led to no stable connection. */
  get failures(): number {
    return this.#failures
  }

  /** Milliseconds before the next attempt. */
  next(): number {
    const { baseMs, maxMs } = this.#settings
    const failures = this.#failures++
    if (failures === 0) return 0
    return Math.round(this.#random() * Math.min(maxMs, baseMs * 2 ** (failures - 1)))
  }

  /**
   * A connection was usable for so long. From `baseMs` on it was no failure; one that breaks at once over and over
   * is not to become a hot loop.
   */
  held(ms: number): void {
    if (ms >= this.#settings.baseMs) this.#failures = 0
  }
}
