import type { Dispatcher } from 'undici'
import { emitEvent, type OnEvent } from '../config/index.js'
import { maskedPath } from '../discord/masked-path.js'
import { systemCode } from '../errors.js'
import type { Via } from '../tunnel/fault.js'
import { errors } from 'undici'
import type { ForwardProxy, ReadHeader } from '../tunnel/index.js'
import { nameExchangeError, unreadError } from './exchange-error.js'

/**
 * Milliseconds for which a paused response keeps its tunnel while its reader takes nothing. A reader that is slow
 * but takes something within this time is never cut off.
 */
export const UNREAD_MS = 30_000

export interface RequestContext {
  /** The route to an origin, for a request that has no tunnel. */
  readonly viaTo: (origin: string | URL) => Via
  /** Milliseconds for which a paused response keeps its tunnel. */
  readonly unreadMs: number
  /** Told of every request that has an answer or has failed. Default: nothing is reported, at no cost. */
  readonly onEvent?: OnEvent | undefined
}

/**
 * One request, from dispatch() to the end of its response. It waits in a queue, and is then the handler that undici
 * calls: it passes everything on to the caller's handler and turns undici's errors into TransportErrors.
 */
export abstract class TunnelRequest implements Dispatcher.DispatchHandler {
  /** Set where the request goes to a proxy that forwards it. */
  forwardProxy: ForwardProxy | undefined
  /** The proxy and the target of the tunnel that it was given. */
  via: Via | undefined
  /** When dispatch() was called, by performance.now(). */
  readonly since = performance.now()
  readonly #context: RequestContext
  #stage: 'waiting' | 'started' | 'answered' | 'refused' | 'over' = 'waiting'
  #unread: NodeJS.Timeout | undefined

  constructor(
    readonly options: Dispatcher.DispatchOptions,
    protected readonly handler: Dispatcher.DispatchHandler,
    context: RequestContext,
  ) {
    this.#context = context
  }

  /**
   * The caller does not want the answer any more. Such a request leaves the queue without reaching undici, which
   * could only begin and abort it, and an abort costs the tunnel.
   */
  get abandoned(): boolean {
    return 'abandoned' in this.handler && this.handler.abandoned === true
  }

  /** undici refused the arguments, so nothing was sent and the tunnel is still free. */
  get refused(): boolean {
    return this.#stage === 'refused'
  }

  /** The response has begun, and its body is not complete. */
  get answered(): boolean {
    return this.#stage === 'answered'
  }

  onResponseStarted(): void {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- undici's own fetch measures with it
    this.handler.onResponseStarted?.()
  }

  /** Fails a request that never reached a tunnel. Its stream body is destroyed, as undici does after sending. */
  fail(error: Error): void {
    const { body } = this.options
    if (typeof body === 'object' && body !== null && 'destroy' in body && typeof body.destroy === 'function')
      body.destroy(error)
    this.#report(null, error)
    this.reject(error)
  }

  /** Hands an error to the caller's handler. */
  protected abstract reject(error: Error): void

  /** Ends the exchange under way. */
  protected abstract abort(reason: Error): void

  protected started(): void {
    this.#stage = 'started'
  }

  /** @returns the failure of an answer that the proxy gave in place of the destination */
  protected headed(statusCode: number, statusText: string, header: ReadHeader): Error | undefined {
    // RFC 9110 §15.2: an interim response is not the answer.
    if (statusCode < 200) return undefined
    this.#stage = 'answered'
    const refusal = this.forwardProxy?.refusal(statusCode, statusText, header)
    this.#report(refusal === undefined ? statusCode : null, refusal ?? null)
    return refusal
  }

  protected over(): void {
    this.#stage = 'over'
    clearTimeout(this.#unread)
  }

  /** @returns the error with its name, for the caller */
  protected failed(error: Error): Error {
    const started = this.#stage !== 'waiting'
    const answered = this.answered
    const foreign = this.#stage === 'started' && error instanceof errors.HTTPParserError
    this.#stage = started ? 'over' : 'refused'
    clearTimeout(this.#unread)
    // A proxy makes a 502 of an answer that it cannot read, so an unreadable one is its own.
    const named =
      foreign && this.forwardProxy !== undefined
        ? this.forwardProxy.foreignAnswer(firstBytes(error))
        : nameExchangeError(error, this.options.method, this.#via, started)
    if (!answered) this.#report(null, named)
    return named
  }

  /** The reader has paused the response: its tunnel waits for it, but not for ever. */
  protected paused(): void {
    if (this.#stage !== 'answered') return
    const { unreadMs } = this.#context
    clearTimeout(this.#unread)
    this.#unread = setTimeout(
      () => this.abort(unreadError(this.options.method, this.#via, unreadMs)),
      unreadMs,
    ).unref()
  }

  #report(status: number | null, error: Error | null): void {
    const { onEvent } = this.#context
    if (onEvent === undefined) return
    const { method, path } = this.options
    const code = systemCode(error) ?? null
    const ms = performance.now() - this.since
    emitEvent(onEvent, { type: 'request', ...this.#via, method, path: maskedPath(path), status, code, ms })
  }

  get #via(): Via {
    return this.via ?? this.#context.viaTo(this.options.origin ?? '')
  }

  protected resumed(): void {
    clearTimeout(this.#unread)
    this.#unread = undefined
  }
}

/** undici keeps what its parser could not read, as a string. */
function firstBytes(error: Error): Buffer | undefined {
  return 'data' in error ? Buffer.from(String(error.data), 'latin1') : undefined
}
