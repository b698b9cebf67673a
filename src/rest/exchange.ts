import type { IncomingHttpHeaders } from 'node:http'
import { errors, type Dispatcher } from 'undici'
import { TransportError } from '../errors.js'
import type { Progress } from './progress.js'
import { IncomingBody, type BodyFlow } from './response-body.js'

/** As much of a body that nobody wants is read, to keep the tunnel; more costs more than a new one. */
const DISCARDED_BYTES = 64 * 1024

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
}

/** Who started an exchange. */
export interface ExchangeOwner {
  readonly signal: AbortSignal | null
  /** Called once. Returns whether somebody will read the body, and who is told how far it has come. */
  onHead(
    head: ResponseHead,
    exchange: Exchange,
  ): { readonly wanted: boolean; readonly progress?: Progress | undefined }
  /** Called at most once, and never after {@link onHead}. */
  onFailure(error: unknown): void
  /** The response is complete, or broken, or nobody wants the rest. */
  onOver(exchange: Exchange): void
}

/** One request and its response, as the dispatcher sees it. */
export class Exchange implements Dispatcher.DispatchHandler, BodyFlow {
  /** The bytes that arrive, from the head on. */
  readonly body: IncomingBody
  readonly #owner: ExchangeOwner
  #controller: Dispatcher.DispatchController | undefined
  #stage: 'waiting' | 'reading' | 'discarding' | 'over' = 'waiting'
  #discarded = 0
  #progress: Progress | undefined

  constructor(owner: ExchangeOwner) {
    this.#owner = owner
    this.body = new IncomingBody(this, owner.signal)
  }

  /** The caller has lost interest in all of it, for this reason. */
  end(reason: unknown): void {
    this.body.fail(reason)
    this.abort()
  }

  /** Read by our dispatcher while the request is in its queue. */
  get abandoned(): boolean {
    return this.#stage === 'over'
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    // Its text reaches nobody: the caller has a reason of his own.
    this.#controller?.abort(new errors.RequestAbortedError())
    this.#owner.onOver(this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#stage === 'over') controller.abort(new errors.RequestAbortedError())
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = '',
  ): void {
    // RFC 9110 §15.2: an interim response says nothing about the final one.
    if (status < 200 || this.#stage !== 'waiting') return
    this.#stage = 'discarding'
    const { wanted, progress } = this.#owner.onHead({ status, statusText, headers }, this)
    if (wanted && !this.#isOver()) this.#stage = 'reading'
    this.#progress = progress
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stage === 'reading') {
      this.body.push(chunk)
      this.#progress?.add(chunk.byteLength)
    } else if (this.#stage === 'discarding') {
      this.#discarded += chunk.byteLength
      if (this.#discarded > DISCARDED_BYTES) this.abort()
    }
  }

  onResponseEnd(): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.body.end()
    this.#progress?.finish()
    this.#owner.onOver(this)
  }

  /** The owner may have ended it meanwhile. */
  #isOver(): boolean {
    return this.#stage === 'over'
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const stage = this.#stage
    if (stage === 'over') return
    this.#stage = 'over'
    if (stage === 'waiting') this.#owner.onFailure(named('fetch failed', error))
    else this.body.fail(named('terminated', error))
    this.#owner.onOver(this)
  }
}

/** A failure of the route speaks for itself; any other is wrapped as fetch wraps it. */
export function named(message: 'fetch failed' | 'terminated', error: unknown): unknown {
  return error instanceof TransportError ? error : new TypeError(message, { cause: error })
}
