import type { DeliveryLimits } from '../../config/index.js'
import { isCreateMessage } from '../../discord/create-message.js'
import { failureOf, TransportError } from '../../errors.js'
import { addressOf, authority } from '../../tunnel/index.js'
import { isIdempotent } from '../../tunnel/idempotent.js'
import type { FetchInit, FetchInput, GivenBody, OutgoingRequest } from '../request/request.js'
import { readRequest } from '../request/request.js'
import { backoff, retryAfterMs } from './backoff.js'
import { systemClock, type DeliveryClock } from './clock.js'
import { createNonce, enforceNonce } from './enforce-nonce.js'
import { FrameworkRepeats, type DeduplicatedMessage } from './framework-repeats.js'
import { inDoubt, type Doubt } from './in-doubt.js'

/** Sends a request once. `answerTimeoutMs` limits the wait for the head of the answer. */
export type SendAttempt = (request: OutgoingRequest, answerTimeoutMs?: number) => Promise<Response>

/** What delivery works with beside its limits. */
export interface DeliveryContext {
  /**
   * Milliseconds for as long as nothing has been sent, in place of a longer `budgetMs`: what the caller allows for
   * reaching a destination counts for all attempts together. Default: no such limit.
   */
  readonly connectTimeoutMs?: number | undefined
  /** Aborted, with a TransportError, when the transport closes. */
  readonly closing?: AbortSignal | undefined
  readonly clock?: DeliveryClock | undefined
  /**
   * Calls `onReturn` when the proxy can be connected to again that an attempt could not connect to: the next attempt
   * then waits no longer. Returns how to stop. Default: every attempt waits for its time.
   */
  readonly onProxyReturn?:
    ((error: TransportError, onReturn: () => void) => (() => void) | undefined) | undefined
  /** Bytes of the largest file. Default: no limit. */
  readonly maxFileBytes?: number | undefined
}

/**
 * The answers that mean "not now": 502, which Discord documents as "wait a bit and retry", and 503 and 504, which come
 * from the proxies in front of it. Not 500, which comes from behind them: it is an answer to this request. https://discord.com/developers/docs/topics/opcodes-and-status-codes#http
 */
const TRANSIENT = new Set([502, 503, 504])

/** Methods that change nothing (RFC 9110 §9.2.1): to be told "not carried out" is never wrong. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

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
export function deliver(
  send: SendAttempt,
  limits: DeliveryLimits,
  {
    connectTimeoutMs = Infinity,
    closing,
    clock = systemClock,
    maxFileBytes,
    onProxyReturn,
  }: DeliveryContext = {},
): (input: FetchInput, init?: FetchInit) => Promise<Response> {
  const connectMs = Math.min(limits.budgetMs, connectTimeoutMs)
  const repeats = new FrameworkRepeats()
  const delivery: Delivery = { send, limits, connectMs, closing, clock, repeats, onProxyReturn }
  return async function fetch(input, init) {
    let message: DeduplicatedMessage | undefined
    const replaceBody = (given: GivenBody): unknown => {
      const replaced = giveNonce(given, repeats)
      message = replaced?.message
      return replaced?.body
    }
    const read = readRequest(input, init, { replaceBody, maxFileBytes })
    const request = read instanceof Promise ? await read : read
    return new Call(delivery, request, message).run()
  }
}

/** @returns undefined for a body that is sent as it is */
function giveNonce(
  given: GivenBody,
  repeats: FrameworkRepeats,
): { readonly body: unknown; readonly message: DeduplicatedMessage } | undefined {
  const { method, url, headers, body } = given
  // Content-Length counts the bytes of the body as it is.
  if (!isCreateMessage(method, url.href) || headers.has('content-length')) return undefined
  const repeated = repeats.find(given)
  const nonce = repeated?.nonce ?? createNonce()
  const replaced = enforceNonce(body, nonce)
  return replaced === undefined
    ? undefined
    : { body: replaced, message: { given, nonce, doubt: repeated?.doubt } }
}

/** undici's timers tick twice a second, and come up to two ticks late. */
const TIMER_LATE_MS = 1_000

interface Delivery extends Pick<DeliveryContext, 'closing' | 'onProxyReturn'> {
  readonly send: SendAttempt
  readonly limits: DeliveryLimits
  /** The budget of a call of which nothing has been sent. */
  readonly connectMs: number
  readonly clock: DeliveryClock
  readonly repeats: FrameworkRepeats
}

/** Ends a wait before its time. */
const RETURNED = new Error('the proxy can be connected to')

type Outcome = { readonly response: Response } | { readonly error: unknown }

/** One call of fetch and its attempts. */
class Call {
  readonly #delivery: Delivery
  readonly #request: OutgoingRequest
  readonly #message: DeduplicatedMessage | undefined
  readonly #startedAt: number
  #attempts = 0
  /** Why it is unknown whether the request was carried out; undefined while it certainly was not. */
  #doubt: Doubt | undefined

  constructor(delivery: Delivery, request: OutgoingRequest, message: DeduplicatedMessage | undefined) {
    this.#delivery = delivery
    this.#request = request
    this.#message = message
    this.#startedAt = delivery.clock.now()
    this.#doubt = message?.doubt
  }

  async run(): Promise<Response> {
    for (let begunAt = this.#startedAt; ; begunAt = this.#delivery.clock.now()) {
      this.#attempts += 1
      const { send, limits } = this.#delivery
      let outcome: Outcome
      try {
        const answerTimeoutMs = this.#mayBeCutShort(begunAt) ? limits.answerTimeoutMs : undefined
        outcome = { response: await send(this.#request, answerTimeoutMs) }
      } catch (error) {
        outcome = { error }
      }
      if (!this.#isRepeated(outcome)) return this.#end(outcome)
      const waitMs = this.#waitMs(await askedMs(outcome), begunAt)
      if (waitMs === undefined) return this.#end(outcome)
      // An answer that is not read would keep its tunnel.
      if ('response' in outcome) discard(outcome.response)
      const stopped = await this.#wait(waitMs, outcome)
      if (stopped !== undefined) return this.#end(stopped)
    }
  }

  /** Whether another attempt can follow if this one is given up for want of an answer. */
  #mayBeCutShort(begunAt: number): boolean {
    const { attempts, budgetMs, answerTimeoutMs, minDelayMs } = this.#delivery.limits
    const elapsed = begunAt - this.#startedAt
    return (
      this.#isRepeatable() &&
      this.#request.body?.small !== false &&
      this.#attempts < attempts &&
      elapsed + 2 * (answerTimeoutMs + TIMER_LATE_MS) + 2 * minDelayMs <= budgetMs
    )
  }

  /** Whether it can be repeated although it may have been carried out. */
  #isRepeatable(): boolean {
    return this.#message !== undefined || (this.#isIdempotent() && this.#isReplayable())
  }

  #isIdempotent(): boolean {
    return isIdempotent(this.#request.method)
  }

  #isReplayable(): boolean {
    return this.#request.body?.replayable !== false
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
    const attemptsLeft = this.#attempts < this.#delivery.limits.attempts
    if ('response' in outcome) {
      const { status } = outcome.response
      if (status >= 500) this.#doubt ??= this.#ended(`was answered with ${status}`)
      return attemptsLeft && this.#isRepeatable() && (TRANSIENT.has(status) || this.#hidesDoubt(status))
    }
    const { error } = outcome
    if (this.#request.signal?.aborted === true) this.#doubt ??= this.#ended('was aborted')
    if (!(error instanceof TransportError)) return false
    // The body ended early: nobody has the whole request.
    if (error.code === 'ERR_UPLOAD_TOO_LARGE') return false
    if (this.#isUnsent(error)) return attemptsLeft && error.retryable && this.#isReplayable()
    this.#doubt ??= error
    const broken = error.code === 'ERR_CONNECTION_LOST' || error.code === 'ERR_TARGET_TIMEOUT'
    return attemptsLeft && this.#isRepeatable() && broken
  }

  /** Whether an answer says "not carried out" while an earlier attempt may have been. */
  #hidesDoubt(status: number): boolean {
    return status === RATE_LIMITED && this.#doubt !== undefined && !SAFE.has(this.#request.method)
  }

  #ended(ended: string): Doubt {
    return { ended, target: this.#target() }
  }

  /** The error of a redirect's second request says nothing about the first. */
  #isUnsent(error: TransportError): boolean {
    return error.sent === 'no' && (error.target === null || error.target === this.#target())
  }

  /** @returns what ends the call while it waits */
  async #wait(ms: number, ended: Outcome): Promise<Outcome | undefined> {
    const { clock, closing, onProxyReturn } = this.#delivery
    const returned = new AbortController()
    const failure = 'error' in ended && ended.error instanceof TransportError ? ended.error : undefined
    const stop = failure && onProxyReturn?.(failure, () => returned.abort(RETURNED))
    const signals = [this.#request.signal ?? undefined, closing, returned.signal]
    try {
      await clock.wait(
        ms,
        signals.filter((signal) => signal !== undefined),
      )
      return undefined
    } catch (error) {
      if (error === RETURNED) return undefined
      // The error of close() does not know of this request: no attempt is under way.
      const unsent = error instanceof TransportError && this.#doubt === undefined
      return { error: unsent ? failureOf(error, { sent: 'no', retryable: false }) : error }
    } finally {
      stop?.()
    }
  }

  #end(outcome: Outcome): Response {
    const doubt = this.#doubt
    if (doubt !== undefined && this.#message !== undefined)
      this.#delivery.repeats.keep({ ...this.#message, doubt })
    if (!('response' in outcome)) throw this.#failure(outcome.error)
    const { response } = outcome
    if (doubt === undefined || !this.#hidesDoubt(response.status)) return response
    discard(response)
    const limited = new Error(`the repeat was answered with ${response.status}`)
    throw inDoubt(doubt, limited, this.#isIdempotent())
  }

  /** What the caller is told: of all attempts, not only of the last. */
  #failure(error: unknown): unknown {
    const doubt = this.#doubt
    const aborted = this.#request.signal?.aborted === true && error === this.#request.signal.reason
    if (doubt === undefined || aborted) return error
    if (!this.#isIdempotent()) return inDoubt(doubt, error, false)
    const forgets = error instanceof TransportError && error.sent === 'no'
    return forgets ? failureOf(error, { sent: 'maybe', retryable: error.retryable }) : error
  }

  #target(): string {
    return authority(addressOf(this.#request.url))
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
