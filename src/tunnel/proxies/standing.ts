import type { TransportError } from '../../errors.js'
import { isHopFailure } from './own-failure.js'

/** After a refusal, a destination is asked for again after so long. */
export const DENIED_MS = 60_000
/** Destinations whose refusal is remembered; a bot talks to a handful of hosts. */
const MAX_DENIED = 256

/** The first rest after a failed handshake. It doubles with each one that follows, up to the last. */
const FIRST_REST_MS = 1_000
const LAST_REST_MS = 60_000

/** What is known of a proxy that failed. */
export interface Down {
  readonly since: number
  readonly error: TransportError
  /** Whether its port did not answer. Then the rest ends when the port answers. */
  readonly atHop: boolean
  /** Whether its rest is over, so that it is tried before those that still rest. */
  readonly rested: boolean
}

/**
 * What is known of one proxy: whether it works, until when it rests, and which destinations it refuses. Times are those
 * of performance.now().
 */
export class Standing {
  readonly #random: () => number
  readonly #deniedUntil = new Map<string, number>()
  #down: Down | undefined
  #upSince = -Infinity
  #failures = 0
  #restsUntil = -Infinity

  /** @param random spreads the rests, so that many bots do not return to a proxy in one moment */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Undefined while it works, as far as is known. */
  get down(): Down | undefined {
    return this.#down
  }

  /** When its rest ends. Where its port did not answer, the wait for the port begins then. */
  get restsUntil(): number {
    return this.#restsUntil
  }

  /**
   * The order in which proxies are tried, the lowest first: those that work, those whose rest is over, those that
   * rest, and last those that refuse the destination.
   */
  rank(target: string, now: number): number {
    if (this.denies(target, now)) return 3
    return this.#down === undefined ? 0 : this.#down.rested ? 1 : 2
  }

  denies(target: string, now: number): boolean {
    return now < (this.#deniedUntil.get(target) ?? -Infinity)
  }

  /** It refused a destination, and works. */
  denied(target: string, now: number): void {
    this.#deniedUntil.delete(target)
    this.#deniedUntil.set(target, now + DENIED_MS)
    const [oldest] = this.#deniedUntil.keys()
    if (this.#deniedUntil.size > MAX_DENIED && oldest !== undefined) this.#deniedUntil.delete(oldest)
  }

  /**
   * It failed for a reason of its own.
   *
   * @param begunAt when the attempt began: one from before it came back says nothing about it
   * @returns whether it worked until now
   */
  failed(error: TransportError, begunAt: number, now: number): boolean {
    if (begunAt < this.#upSince) return false
    const was = this.#down
    const atHop = isHopFailure(error)
    // Attempts that were under way together count as one failure.
    if (was === undefined || now >= this.#restsUntil) {
      const first = atHop && this.#failures === 0
      const restMs = Math.min(LAST_REST_MS, FIRST_REST_MS * 2 ** this.#failures)
      this.#restsUntil = first ? now : now + (restMs * (1 + this.#random())) / 2
      this.#failures += 1
    }
    this.#down = { since: was?.since ?? now, error, atHop, rested: false }
    return was === undefined
  }

  /** Its port answers, or its rest is over: it can be tried again. */
  rested(): void {
    if (this.#down !== undefined) this.#down = { ...this.#down, rested: true }
  }

  /**
   * It works.
   *
   * @returns for how long it was down; undefined if it was not
   */
  worked(now: number): number | undefined {
    const was = this.#down
    this.#failures = 0
    this.#restsUntil = -Infinity
    if (was === undefined) return undefined
    this.#down = undefined
    this.#upSince = now
    return now - was.since
  }
}
