import type { SessionStartLimit } from '../../index.js'
import { WINDOW_MS, type Turn } from '../store.js'

const DAY_MS = 24 * 60 * 60_000
/** Two answers of Discord whose resets are closer than this speak of the same day. */
const SAME_DAY_MS = 60_000

/** The turns to identify of a fleet: what the script `turn` is in Redis. */
export class MemoryTurns {
  readonly #freeAt = new Map<number, number>()
  readonly #spare = new Map<number, number>()
  #concurrency: number | undefined
  #allFreeAt = 0
  #total = Infinity
  #remaining: number | undefined
  #reset = 0

  next(now: number, shardId: number, limit: SessionStartLimit, isNew: boolean, missed: number): Turn {
    this.#learn(now, limit, isNew)
    const bucket = this.#bucket(shardId)
    let freeAt = this.#freeOf(bucket)
    let remaining = this.#remaining ?? limit.remaining
    if (missed > 0) {
      remaining += 1
      if (freeAt === missed + WINDOW_MS) freeAt = missed
    }
    this.#remaining = remaining
    if (remaining <= 0) return { kind: 'exhausted', waitMs: Math.max(1, this.#reset - now) }
    const usual = Math.max(now, freeAt)
    const spare = this.#spare.get(bucket) ?? 0
    this.#spare.delete(bucket)
    const at = spare > now && spare < usual ? spare : usual
    if (at === usual) this.#freeAt.set(bucket, at + WINDOW_MS)
    this.#remaining = remaining - 1
    return { kind: 'turn', now, at }
  }

  giveBack(now: number, shardId: number, at: number): void {
    const bucket = this.#bucket(shardId)
    if (this.#freeOf(bucket) === at + WINDOW_MS) this.#freeAt.set(bucket, at)
    else if (at > now) this.#spare.set(bucket, at)
    if (this.#remaining !== undefined) this.#remaining += 1
  }

  #learn(now: number, limit: SessionStartLimit, isNew: boolean): void {
    if (isNew) {
      if (this.#concurrency !== undefined && this.#concurrency !== limit.max_concurrency) {
        this.#allFreeAt = Math.max(this.#allFreeAt, ...this.#freeAt.values())
        this.#freeAt.clear()
        this.#spare.clear()
      }
      this.#concurrency = limit.max_concurrency
      const reset = now + limit.reset_after
      const isSameDay = this.#reset > now && Math.abs(reset - this.#reset) < SAME_DAY_MS
      this.#remaining = isSameDay ? Math.min(this.#remaining ?? Infinity, limit.remaining) : limit.remaining
      this.#reset = reset
      this.#total = limit.total
    } else if (this.#reset === 0) this.#reset = now + limit.reset_after
    else if (now >= this.#reset) {
      this.#remaining = this.#total
      this.#reset = now + DAY_MS
    }
    this.#concurrency ??= limit.max_concurrency
  }

  #bucket(shardId: number): number {
    return shardId % (this.#concurrency ?? 1)
  }

  #freeOf(bucket: number): number {
    return Math.max(this.#allFreeAt, this.#freeAt.get(bucket) ?? 0)
  }
}
