import type { DeliveryLimits } from '../../config/index.js'
import { failureOf, TransportError } from '../../errors.js'
import { addressOf, authority } from '../../tunnel/index.js'
import type { TransportFetch } from '../fetch.js'
import type { FetchInit, FetchInput } from '../request/request.js'
import { backoff, retryAfterMs } from './backoff.js'
import { systemClock, type DeliveryClock } from './clock.js'
import { readDeliveryRequest, type DeliveryRequest } from './delivery-request.js'
import { FrameworkRepeats } from './framework-repeats.js'
import { inDoubt, type Doubt } from './in-doubt.js'

/** What delivery works with beside the fetch. */
export interface DeliveryContext {
  /** The same fetch with a limit of `answerTimeoutMs` on the wait for an answer. Default: without any. */
  readonly impatient?: TransportFetch
  /**
   * Milliseconds for as long as nothing has been sent, in place of a longer `budgetMs`: what the caller allows for
   * reaching a destination counts for all attempts together. Default: no such limit.
   */
  readonly connectTimeoutMs?: number
  /** Aborted, with a TransportError, when the transport closes. */
  readonly closing?: AbortSignal
  readonly clock?: DeliveryClock
}

/**
 * The answers that stand for "not now": the one that Discord documents as "wait a bit and retry", and its two
 * neighbours, which come from the proxies in front of it. Not 500, which comes from behind them: it is an
 * answer to this request. https://discord.com/developers/docs/topics/opcodes-and-status-codes#http
 */
const TRANSIENT = new Set([502, 503, 504])

/** https://discord.com/developers/docs/topics/rate-limits */
const RATE_LIMITED = 429

/**
 * A fetch that repeats failed requests where that cannot have an effect twice.
 *
 * - While not one byte of a request has been sent, every request is repeated.
 * - After that, and where the answer is 502, 503 or 504: GET, HEAD, PUT and DELETE, and Discord's Create
 *   Message, whose body gets a nonce that Discord enforces. A DELETE whose first answer was lost may thus be
 *   answered with 404.
 * - Everything else fails with ERR_CONNECTION_LOST or ERR_TARGET_TIMEOUT, `retryable: false` and a hint that it
 *   may have been carried out.
 * - A 429 is returned at once: rate limits belong to the libraries above. Not so where an earlier attempt may have
 *   been carried out, since a 429 says that the request was not: then it is waited for, and where the limits end
 *   first, the call fails as in doubt.
 *
 * Where a limit ends it, the last answer is returned or the last error thrown. A body that is a stream is sent once.
 */
export function withDelivery(
  send: TransportFetch,
  limits: DeliveryLimits,
  context: DeliveryContext = {},
): TransportFetch {
  const delivery: Delivery = {
    send,
    limits,
    impatient: context.impatient ?? send,
    connectMs: Math.min(limits.budgetMs, context.connectTimeoutMs ?? Infinity),
    closing: context.closing,
    clock: context.clock ?? systemClock,
    repeats: new FrameworkRepeats(),
  }
  // Not an async function, and one below: each is a promise and three turns more for every send.
  return function fetch(input, init) {
    try {
      const request = readDeliveryRequest(input, init, delivery.repeats)
      return new Call(delivery, request, signalOf(input, init)).run()
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a caller's toString may throw anything
      return Promise.reject(error)
    }
  }
}

/** undici's timers tick twice a second, and come up to two ticks late. */
const TIMER_LATE_MS = 1_000

interface Delivery {
  readonly send: TransportFetch
  readonly impatient: TransportFetch
  readonly limits: DeliveryLimits
  /** The budget of a call of which nothing has been sent. */
  readonly connectMs: number
  readonly closing: AbortSignal | undefined
  readonly clock: DeliveryClock
  readonly repeats: FrameworkRepeats
}

type Outcome = { readonly response: Response } | { readonly error: unknown }

/** One call of fetch and its attempts. */
class Call {
  readonly #delivery: Delivery
  readonly #request: DeliveryRequest
  readonly #signal: AbortSignal | undefined
  readonly #startedAt: number
  #attempts = 0
  /** Why it is unknown whether the request was carried out; undefined while it certainly was not. */
  #doubt: Doubt | undefined

  constructor(delivery: Delivery, request: DeliveryRequest, signal: AbortSignal | undefined) {
    this.#delivery = delivery
    this.#request = request
    this.#signal = signal
    this.#startedAt = delivery.clock.now()
    this.#doubt = request.message?.doubt
  }

  async run(): Promise<Response> {
    for (let begunAt = this.#startedAt; ; begunAt = this.#delivery.clock.now()) {
      this.#attempts += 1
      const { send, impatient } = this.#delivery
      const { input, init } = this.#request
      let outcome: Outcome
      try {
        outcome = { response: await (this.#mayBeCutShort(begunAt) ? impatient : send)(input, init) }
      } catch (error) {
        outcome = { error }
      }
      if (!this.#isRepeated(outcome)) return this.#end(outcome)
      const waitMs = this.#waitMs(await askedMs(outcome), begunAt)
      if (waitMs === undefined) return this.#end(outcome)
      // An answer that is not read would keep its tunnel.
      if ('response' in outcome) discard(outcome.response)
      const stopped = await this.#wait(waitMs)
      if (stopped !== undefined) return this.#end(stopped)
    }
  }

  /** Whether another attempt can follow if this one is given up for want of an answer. */
  #mayBeCutShort(begunAt: number): boolean {
    const { attempts, budgetMs, answerTimeoutMs, minDelayMs } = this.#delivery.limits
    const elapsed = begunAt - this.#startedAt
    return (
      this.#request.repeatable &&
      this.#request.small &&
      this.#attempts < attempts &&
      elapsed + 2 * (answerTimeoutMs + TIMER_LATE_MS) + 2 * minDelayMs <= budgetMs
    )
  }

  /**
   * Milliseconds until the next attempt; undefined if the budget does not allow another one.
   *
   * @param asked the milliseconds that the last answer asks for
   */
  #waitMs(asked: number, begunAt: number): number | undefined {
    const { limits, connectMs, clock } = this.#delivery
    const waitMs = Math.max(asked, backoff(this.#attempts, limits, clock.random()))
    const now = clock.now()
    const budgetMs = this.#doubt === undefined ? connectMs : limits.budgetMs
    return now - this.#startedAt + waitMs + (now - begunAt) <= budgetMs ? waitMs : undefined
  }

  /** Notes whether this attempt may have been carried out. */
  #isRepeated(outcome: Outcome): boolean {
    const { repeatable } = this.#request
    const attemptsLeft = this.#attempts < this.#delivery.limits.attempts
    if ('response' in outcome) {
      const { status } = outcome.response
      if (status >= 500) this.#doubt ??= this.#ended(`was answered with ${status}`)
      return attemptsLeft && repeatable && (TRANSIENT.has(status) || this.#hidesDoubt(status))
    }
    const { error } = outcome
    if (this.#request.message !== undefined && this.#signal?.aborted === true)
      this.#doubt ??= this.#ended('was aborted')
    if (!(error instanceof TransportError)) return false
    if (this.#isUnsent(error)) return attemptsLeft && error.retryable && this.#request.replayable
    this.#doubt ??= error
    const broken = error.code === 'ERR_CONNECTION_LOST' || error.code === 'ERR_TARGET_TIMEOUT'
    return attemptsLeft && repeatable && broken
  }

  /** Whether an answer says "not carried out" while an earlier attempt may have been. */
  #hidesDoubt(status: number): boolean {
    return status === RATE_LIMITED && this.#doubt !== undefined && !this.#request.safe
  }

  #ended(ended: string): Doubt {
    return { ended, target: this.#target() }
  }

  /** The error of a redirect's second request says nothing of the first. */
  #isUnsent(error: TransportError): boolean {
    return error.sent === 'no' && (error.target === null || error.target === this.#target())
  }

  async #wait(ms: number): Promise<Outcome | undefined> {
    const { clock, closing } = this.#delivery
    try {
      await clock.wait(
        ms,
        [this.#signal, closing].filter((signal) => signal !== undefined),
      )
      return undefined
    } catch (error) {
      // close() knows of no request: here nothing is under way.
      const unsent = error instanceof TransportError && this.#doubt === undefined
      return { error: unsent ? failureOf(error, { sent: 'no', retryable: false }) : error }
    }
  }

  #end(outcome: Outcome): Response {
    const { message } = this.#request
    const doubt = this.#doubt
    if (doubt !== undefined && message !== undefined)
      this.#delivery.repeats.keep(message.sent, message.nonce, doubt)
    if (!('response' in outcome)) throw this.#failure(outcome.error)
    const { response } = outcome
    if (doubt === undefined || !this.#hidesDoubt(response.status)) return response
    discard(response)
    const limited = new Error(`the repeat was answered with ${response.status}`)
    throw inDoubt(doubt, limited, this.#request.idempotent)
  }

  /** What the caller is told: of all attempts, not only of the last. */
  #failure(error: unknown): unknown {
    const doubt = this.#doubt
    const aborted = this.#signal?.aborted === true && error === this.#signal.reason
    if (doubt === undefined || aborted) return error
    if (!this.#request.idempotent) return inDoubt(doubt, error, false)
    const forgets = error instanceof TransportError && error.sent === 'no'
    return forgets ? failureOf(error, { sent: 'maybe', retryable: error.retryable }) : error
  }

  #target(): string {
    return authority(addressOf(new URL(this.#request.url)))
  }
}

function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined)
}

/** Milliseconds that an answer asks to wait: by its Retry-After, or by Discord's body of a 429. */
async function askedMs(outcome: Outcome): Promise<number> {
  if (!('response' in outcome)) return 0
  const { headers, status } = outcome.response
  const header = headers.get('retry-after')
  if (header !== null || status !== RATE_LIMITED) return retryAfterMs(header)
  const body: unknown = await outcome.response.json().catch(() => undefined)
  const seconds = typeof body === 'object' && body !== null && 'retry_after' in body ? body.retry_after : 0
  return typeof seconds === 'number' ? Math.max(0, seconds * 1000) : 0
}

function signalOf(input: FetchInput, init: FetchInit | undefined): AbortSignal | undefined {
  const own = init?.signal
  if (own !== undefined) return own ?? undefined
  return typeof input === 'object' && 'signal' in input ? input.signal : undefined
}
