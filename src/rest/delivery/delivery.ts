import type { DeliveryLimits } from '../../config/index.js'
import { failureOf, TransportError } from '../../errors.js'
import { addressOf, authority } from '../../tunnel/index.js'
import type { TransportFetch } from '../fetch.js'
import type { FetchInit, FetchInput } from '../request/request.js'
import { backoff, retryAfterMs } from './backoff.js'
import { systemClock, type DeliveryClock } from './clock.js'
import { readDeliveryRequest, type DeliveryRequest } from './delivery-request.js'
import { DoubtfulNonces } from './doubtful-nonces.js'
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

/**
 * A fetch that repeats what fails, wherever that cannot have an effect twice.
 *
 * - While not one byte of a request has been sent, every request is repeated.
 * - After that, and where the answer is 502, 503 or 504: GET, HEAD, PUT and DELETE, and Discord's Create
 *   Message, whose body gets a nonce that Discord enforces. A DELETE whose first answer was lost may thus be
 *   answered with 404.
 * - Everything else fails with ERR_CONNECTION_LOST or ERR_TARGET_TIMEOUT, `retryable: false` and a hint that it
 *   may have been carried out.
 *
 * Where a limit ends it, the last answer is returned and the last error thrown. 429 is returned at once: rate
 * limits belong to the libraries above. A body that is a stream is sent once.
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
    nonces: new DoubtfulNonces(context.clock ?? systemClock),
  }
  // Not an async function, and one below: each is a promise and three turns more for every send.
  return function fetch(input, init) {
    try {
      const request = readDeliveryRequest(input, init, delivery.nonces)
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
  readonly nonces: DoubtfulNonces
}

type Outcome = { readonly response: Response } | { readonly error: unknown }

/** One call of fetch and its attempts. */
class Call {
  readonly #delivery: Delivery
  readonly #request: DeliveryRequest
  readonly #signal: AbortSignal | undefined
  readonly #startedAt: number
  #attempts = 0
  /** Set from the first attempt on that may have been carried out. */
  #doubt: Doubt | undefined

  constructor(delivery: Delivery, request: DeliveryRequest, signal: AbortSignal | undefined) {
    this.#delivery = delivery
    this.#request = request
    this.#signal = signal
    this.#startedAt = delivery.clock.now()
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
      const waitMs = this.#waitAfter(outcome, begunAt)
      if (waitMs === undefined) return this.#end(outcome)
      // An answer that nobody reads would keep its tunnel.
      if ('response' in outcome) outcome.response.body?.cancel().catch(() => undefined)
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

  /** Milliseconds until the next attempt; undefined for no further one. */
  #waitAfter(outcome: Outcome, begunAt: number): number | undefined {
    if (!this.#isRepeated(outcome)) return undefined
    const { limits, connectMs, clock } = this.#delivery
    if (this.#attempts >= limits.attempts) return undefined
    const asked = 'response' in outcome ? retryAfterMs(outcome.response.headers.get('retry-after')) : 0
    const waitMs = Math.max(asked, backoff(this.#attempts, limits, clock.random()))
    const now = clock.now()
    const budgetMs = this.#doubt === undefined ? connectMs : limits.budgetMs
    return now - this.#startedAt + waitMs + (now - begunAt) <= budgetMs ? waitMs : undefined
  }

  #isRepeated(outcome: Outcome): boolean {
    const { repeatable, replayable } = this.#request
    if ('response' in outcome) {
      if (!TRANSIENT.has(outcome.response.status)) return false
      this.#doubt ??= { status: outcome.response.status, target: this.#target() }
      return repeatable
    }
    const { error } = outcome
    if (!(error instanceof TransportError)) return false
    if (this.#isUnsent(error)) return error.retryable && replayable
    this.#doubt ??= error
    return repeatable && (error.code === 'ERR_CONNECTION_LOST' || error.code === 'ERR_TARGET_TIMEOUT')
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
    this.#keepNonce(outcome)
    if ('response' in outcome) return outcome.response
    throw this.#failure(outcome.error)
  }

  /** What the caller is told: of all attempts, not only of the last. */
  #failure(error: unknown): unknown {
    const doubt = this.#doubt
    const aborted = this.#signal?.aborted === true && error === this.#signal.reason
    if (doubt === undefined || aborted) return error
    if (!this.#request.idempotent) return inDoubt(doubt, error)
    const forgets = error instanceof TransportError && error.sent === 'no'
    return forgets ? failureOf(error, { sent: 'maybe', retryable: error.retryable }) : error
  }

  /** For the repetitions of those who called: this call ended, and nobody knows how. */
  #keepNonce(outcome: Outcome): void {
    const { message } = this.#request
    if (message === undefined) return
    if ('response' in outcome) {
      const { status } = outcome.response
      if (status < 500 && (status !== 429 || this.#doubt === undefined)) return
    } else if (outcome.error instanceof TransportError && this.#doubt === undefined) return
    this.#delivery.nonces.keep(message.sent, message.nonce)
  }

  #target(): string {
    return authority(addressOf(new URL(this.#request.url)))
  }
}

function signalOf(input: FetchInput, init: FetchInit | undefined): AbortSignal | undefined {
  const own = init?.signal
  if (own !== undefined) return own ?? undefined
  return typeof input === 'object' && 'signal' in input ? input.signal : undefined
}
