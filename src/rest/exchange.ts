import { errors, type Dispatcher } from 'undici'
import { TransportError } from '../errors.js'
import type { Progress } from './progress.js'
import { ReceivedHeaders } from './response/received-headers.js'
import { IncomingBody, type BodyFlow } from './response/response-body.js'

/** As much of a body that nobody wants is read, to keep the tunnel; more costs more than a new one. */
const DISCARDED_BYTES = 64 * 1024

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: ReceivedHeaders
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

/**
 * One request and its response, as the dispatcher sees it. A handler of undici's older kind, as those of its own
 * fetch and request are: for one of the newer kind it parses every header of every answer.
 */
export class Exchange implements Dispatcher.DispatchHandler, BodyFlow {
  /** The bytes that arrive, from the head on. */
  readonly body: IncomingBody
  readonly #owner: ExchangeOwner
  #abort: ((reason?: Error) => void) | undefined
  #resume: (() => void) | undefined
  #paused = false
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
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#resume?.()
  }

  abort(): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    // Its text reaches nobody: the caller has a reason of his own.
    this.#abort?.(new errors.RequestAbortedError())
    this.#owner.onOver(this)
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#stage === 'over') abort(new errors.RequestAbortedError())
  }

  /** @returns whether the body may flow, as of {@link onData} */
  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    // RFC 9110 §15.2: an interim response says nothing about the final one.
    if (status < 200 || this.#stage !== 'waiting') return true
    this.#resume = resume
    this.#stage = 'discarding'
    const headers = new ReceivedHeaders(rawHeaders)
    const { wanted, progress } = this.#owner.onHead({ status, statusText, headers }, this)
    if (wanted && !this.#isOver()) this.#stage = 'reading'
    this.#progress = progress
    return !this.#paused
  }

  onData(chunk: Buffer): boolean {
    if (this.#stage === 'reading') {
      this.body.push(chunk)
      this.#progress?.add(chunk.byteLength)
    } else if (this.#stage === 'discarding') {
      this.#discarded += chunk.byteLength
      if (this.#discarded > DISCARDED_BYTES) this.abort()
    }
    return !this.#paused
  }

  onComplete(): void {
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

  onError(error: Error): void {
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
