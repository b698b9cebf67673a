import { setMaxListeners } from 'node:events'
import { errors, type Dispatcher } from 'undici'
import { ReceivedHeaders } from '../dispatcher/received-headers.js'
import { TransportError } from '../errors.js'
import type { OnEvent } from '../config/index.js'
import { transferProgress } from './progress.js'
import type { TransferObserver } from './request/request-body.js'
import { headerList } from './request/request-headers.js'
import type { OutgoingRequest } from './request/request.js'
import { IncomingBody, type BodyFlow } from './response/response-body.js'

export interface ExchangeOptions {
  /** Told of the progress of bodies of 64 KiB and more. Default: nothing is reported, at no cost. */
  readonly onEvent?: OnEvent | undefined
  /** Milliseconds from a request on its tunnel to the head of its answer. Default: the dispatcher's own limit. */
  readonly answerTimeoutMs?: number | undefined
}

/** A response whose head has arrived. */
export interface ReceivedResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: ReceivedHeaders
  readonly body: IncomingBody
}

/**
 * Sends one request.
 *
 * @returns the response as soon as its head is here
 * @throws the signal's reason, a TransportError, or a TypeError as fetch has it
 */
export function exchange(
  dispatcher: Dispatcher,
  request: OutgoingRequest,
  { onEvent, answerTimeoutMs }: ExchangeOptions,
): Promise<ReceivedResponse> {
  return new Promise((resolve, reject) => {
    const handler = new Exchange(request, onEvent, { resolve, reject })
    const { url, method, body, signal } = request
    if (signal?.aborted === true) {
      handler.fail(signal.reason)
      return
    }
    const { origin, href } = url
    try {
      const progress =
        body === null ? undefined : transferProgress('upload-progress', request, body.length, onEvent)
      dispatcher.dispatch(
        {
          origin,
          path: withoutFragment(href).slice(origin.length),
          method,
          headers: headerList(request),
          body: body?.open(progress) ?? null,
          headersTimeout: answerTimeoutMs ?? null,
        },
        handler,
      )
    } catch (error) {
      handler.fail(named('fetch failed', error))
    }
  })
}

interface Waiting {
  resolve(response: ReceivedResponse): void
  reject(reason: unknown): void
}

/**
 * One request and its response, as the dispatcher sees it. A handler of undici's older kind, as those of its own
 * fetch and request are: for one of the newer kind it parses every header of every answer.
 */
class Exchange implements Dispatcher.DispatchHandler, BodyFlow {
  /** Also keeps alive the Request that was handed in: its signal follows the caller's only as long as it lives. */
  readonly #request: OutgoingRequest
  readonly #onEvent: OnEvent | undefined
  /** Undefined from the head on: a promise holds what it was resolved with. */
  #waiting: Waiting | undefined
  readonly #body: IncomingBody
  readonly #unlisten: (() => void) | undefined
  #abort: ((reason?: Error) => void) | undefined
  #resume: (() => void) | undefined
  #paused = false
  #over = false
  #progress: TransferObserver | undefined

  constructor(request: OutgoingRequest, onEvent: OnEvent | undefined, waiting: Waiting) {
    this.#request = request
    this.#onEvent = onEvent
    this.#waiting = waiting
    const { signal } = request
    this.#body = new IncomingBody(this, signal)
    if (signal === null) return
    // A listener for each request under way is not a leak, even if many share one signal.
    setMaxListeners(0, signal)
    const onAbort = (): void => {
      this.#body.fail(signal.reason)
      this.fail(signal.reason)
    }
    signal.addEventListener('abort', onAbort)
    this.#unlisten = () => signal.removeEventListener('abort', onAbort)
  }

  /** Read by our dispatcher while the request is in its queue. */
  get abandoned(): boolean {
    return this.#over
  }

  /** Ends the exchange, for this reason. */
  fail(reason: unknown): void {
    if (this.#over) return
    this.#end(reason)
    // The caller is told the reason; this error only ends the request.
    this.#abort?.(new errors.RequestAbortedError())
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
    this.fail(undefined)
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#over) abort(new errors.RequestAbortedError())
  }

  /** @returns whether the body may flow, as of {@link onData} */
  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    // RFC 9110 §15.2: an interim response says nothing about the final one.
    if (status < 200 || this.#waiting === undefined) return true
    this.#resume = resume
    const headers = new ReceivedHeaders(rawHeaders)
    if (this.#onEvent !== undefined) {
      const length = headers.get('content-length')
      const total = length === undefined ? null : Number(length)
      this.#progress = transferProgress('download-progress', this.#request, total, this.#onEvent)
    }
    this.#waiting.resolve({ status, statusText, headers, body: this.#body })
    this.#waiting = undefined
    return true
  }

  onData(chunk: Buffer): boolean {
    if (!this.#over) {
      this.#body.push(chunk)
      this.#progress?.add(chunk.byteLength)
    }
    return !this.#paused
  }

  onComplete(): void {
    if (this.#over) return
    this.#body.end()
    this.#progress?.finish()
    this.#end(undefined)
  }

  onError(error: Error): void {
    if (this.#over) return
    // An errno of a file that is sent is not a failure of the route.
    const own = this.#request.body?.failure
    const message = this.#waiting === undefined ? 'terminated' : 'fetch failed'
    const reason = named(message, own === undefined ? error : own.reason)
    this.#body.fail(reason)
    this.#end(reason)
  }

  #end(reason: unknown): void {
    this.#over = true
    this.#unlisten?.()
    this.#waiting?.reject(reason)
    this.#waiting = undefined
    this.#request.body?.cancel(reason)
  }
}

/** A failure of the route is thrown as it is; any other is wrapped as fetch wraps it. */
function named(message: 'fetch failed' | 'terminated', error: unknown): unknown {
  return error instanceof TransportError ? error : new TypeError(message, { cause: error })
}

export function withoutFragment(href: string): string {
  const hash = href.indexOf('#')
  return hash === -1 ? href : href.slice(0, hash)
}
