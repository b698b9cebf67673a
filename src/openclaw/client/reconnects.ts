import { TransportError } from '../../errors.js'
import { Backoff } from '../../reconnect/backoff.js'
import { OpenClawError } from './openclaw-error.js'

/** When to open another connection. */
export interface ReconnectSettings {
  /** Milliseconds: the first step of the exponential back-off. */
  readonly baseMs: number
  /** Milliseconds: its longest step. */
  readonly maxMs: number
  /** Attempts in a row, after which the client gives up. */
  readonly maxAttempts: number
}

export type NextStep =
  | { readonly kind: 'give up'; readonly error: Error }
  | { readonly kind: 'wait'; readonly delayMs: number; readonly attempt: number }

/** The gateway may ask for more than anybody waits, and for so little that it would be a hot loop. */
const RETRY_AFTER_MS = [100, 600_000] as const
/** A gateway that is starting without saying for how long. */
const STARTING_MS = 500
/** A pause that the gateway asked for gets this share of jitter on top, so that its clients do not come at one time. */
const JITTER = 0.5

/** Decides whether, and when, the client connects again. */
export class Reconnects {
  readonly #settings: ReconnectSettings | false
  readonly #random: () => number
  readonly #backoff: Backoff
  #wasReady = false
  #readySince: number | undefined
  #attempts = 0
  #restartExpectedMs = 0

  /** @param settings `false`: never again, except where the gateway itself asks for it before it was ready */
  constructor(settings: ReconnectSettings | false, random: () => number) {
    this.#settings = settings
    this.#random = random
    const { baseMs, maxMs } = settings === false ? { baseMs: 1_000, maxMs: 1_000 } : settings
    this.#backoff = new Backoff({ baseMs, maxMs }, random)
  }

  ready(): void {
    this.#wasReady = true
    this.#readySince = performance.now()
    this.#attempts = 0
    this.#restartExpectedMs = 0
  }

  /** The gateway announced its end. Its restart takes this long at least. */
  restartExpected(ms: number): void {
    this.#restartExpectedMs = ms
  }

  after(error: Error): NextStep {
    const since = this.#readySince
    this.#readySince = undefined
    if (since !== undefined) this.#backoff.held(performance.now() - since)
    if (this.#isHopeless(error)) return { kind: 'give up', error }
    this.#attempts += 1
    const limit = this.#settings === false ? Infinity : this.#settings.maxAttempts
    if (this.#attempts > limit) return { kind: 'give up', error }
    return { kind: 'wait', delayMs: Math.round(this.#delayMs(error)), attempt: this.#attempts }
  }

  #delayMs(error: Error): number {
    const asked = askedMs(error)
    // The gateway answers: a longer and longer pause would only be later than it is ready.
    if (asked !== undefined) return asked * (1 + this.#random() * JITTER)
    const announced = this.#restartExpectedMs
    this.#restartExpectedMs = 0
    const backoffMs = this.#backoff.next()
    return announced === 0 ? backoffMs : Math.max(backoffMs, announced * (1 + this.#random() * JITTER))
  }

  #isHopeless(error: Error): boolean {
    if (this.#settings === false) return this.#wasReady || askedMs(error) === undefined
    if (error instanceof OpenClawError) return !error.retryable
    if (!(error instanceof TransportError)) return true
    if (error.code === 'ERR_TRANSPORT_CLOSED' || error.code === 'ERR_ROUTE_REFUSED') return true
    // A configuration that never worked will not work by itself. One that did may work again.
    return !error.retryable && !this.#wasReady
  }
}

/** Milliseconds that the gateway wants the client to wait. */
function askedMs(error: Error): number | undefined {
  if (!(error instanceof OpenClawError)) return undefined
  const [least, most] = RETRY_AFTER_MS
  if (error.retryAfterMs !== null) return Math.min(most, Math.max(least, error.retryAfterMs))
  return error.closeCode === 1013 || (error.code === 'UNAVAILABLE' && error.closeCode === null)
    ? STARTING_MS
    : undefined
}
