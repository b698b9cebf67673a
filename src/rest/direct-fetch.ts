import { setMaxListeners } from 'node:events'
import type { Dispatcher } from 'undici'
import { failureOf, TransportError } from '../errors.js'
import { addressOf, authority } from '../tunnel/index.js'
import { BLOCKED_PORTS } from './request/blocked-ports.js'
import { decodedBody } from './response/content-decoding.js'
import { requestHeaders } from './request/default-headers.js'
import { Exchange, named, type ExchangeOwner, type ResponseHead } from './exchange.js'
import { maskedPath, Progress, type OnEvent, type Transfer } from './progress.js'
import type { ReceivedHeaders } from './response/received-headers.js'
import { followRedirect, isRedirect, locationOf, MAX_REDIRECTS } from './redirect.js'
import type { OutgoingRequest } from './request/request.js'
import { FetchedResponse } from './response/response.js'

/** https://fetch.spec.whatwg.org/#null-body-status */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304])

export interface DirectFetchOptions {
  readonly onEvent?: OnEvent | undefined
  readonly answerTimeoutMs?: number | undefined
}

/**
 * fetch as one dispatch: https://fetch.spec.whatwg.org/#fetching without what is for browsers only. Costs a
 * quarter of undici's fetch, which builds a Request, two streams and two iterators for every call.
 */
export function directFetch(
  dispatcher: Dispatcher,
  request: OutgoingRequest,
  options: DirectFetchOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    new DirectFetch(dispatcher, request, options, { resolve, reject }).start()
  })
}

interface Caller {
  resolve(response: Response): void
  reject(reason: unknown): void
}

class DirectFetch implements ExchangeOwner {
  readonly signal: AbortSignal | null
  readonly #dispatcher: Dispatcher
  readonly #onEvent: OnEvent | undefined
  readonly #answerTimeoutMs: number | undefined
  /** Undefined once it is settled: a promise holds its Response, and nothing here may do so. */
  #caller: Caller | undefined
  #request: OutgoingRequest
  #exchange: Exchange | undefined
  #redirects = 0
  #crossedOrigin = false
  #misdirected = false
  #ended = false
  #unlisten: (() => void) | undefined

  constructor(
    dispatcher: Dispatcher,
    request: OutgoingRequest,
    { onEvent, answerTimeoutMs }: DirectFetchOptions,
    caller: Caller,
  ) {
    this.#dispatcher = dispatcher
    this.#request = request
    this.#onEvent = onEvent
    this.#answerTimeoutMs = answerTimeoutMs
    this.#caller = caller
    this.signal = request.signal
  }

  start(): void {
    const { signal, body } = this.#request
    if (signal?.aborted === true) {
      body?.cancel(signal.reason)
      this.#caller?.reject(signal.reason)
      return
    }
    if (signal !== null) {
      // A listener for each fetch that is under way is no leak, however many share a signal.
      setMaxListeners(0, signal)
      const onAbort = (): void => this.#abort(signal.reason)
      signal.addEventListener('abort', onAbort)
      this.#unlisten = () => signal.removeEventListener('abort', onAbort)
    }
    this.#send()
  }

  onHead(head: ResponseHead, exchange: Exchange): { wanted: boolean; progress?: Progress | undefined } {
    try {
      return this.#answer(head, exchange)
    } catch (cause) {
      this.#fail(new TypeError('fetch failed', { cause }))
      exchange.abort()
      return { wanted: false }
    }
  }

  onFailure(error: unknown): void {
    const own = this.#request.body?.failure
    if (own !== undefined) this.#fail(new TypeError('fetch failed', { cause: own.reason }))
    // Whatever becomes of the second request, the first was carried out.
    else if (this.#redirects > 0 && error instanceof TransportError)
      this.#fail(failureOf(error, { sent: 'maybe', retryable: false }))
    else this.#fail(error)
  }

  onOver(exchange: Exchange): void {
    // What a redirect left behind may come to its end while its successor is under way.
    if (exchange === this.#exchange) this.#end(undefined)
  }

  #send(): void {
    const { url, method, body } = this.#request
    if (BLOCKED_PORTS.has(url.port)) {
      this.#fail(new TypeError('fetch failed', { cause: new Error('bad port') }))
      return
    }
    const { origin, href } = url
    const exchange = new Exchange(this)
    this.#exchange = exchange
    try {
      const progress =
        body === null || this.#onEvent === undefined
          ? undefined
          : Progress.of(this.#transfer('upload-progress'), body.length, this.#onEvent)
      this.#dispatcher.dispatch(
        {
          origin,
          path: withoutFragment(href).slice(origin.length),
          method,
          headers: requestHeaders(this.#request),
          body: body?.open(progress) ?? null,
          headersTimeout: this.#answerTimeoutMs ?? null,
        },
        exchange,
      )
    } catch (error) {
      this.#fail(named('fetch failed', error))
    }
  }

  #answer(head: ResponseHead, exchange: Exchange): { wanted: boolean; progress?: Progress | undefined } {
    const { status, statusText, headers } = head
    const { method, redirect, url, body } = this.#request
    if (status === 407) throw new Error('proxy authentication required')
    // https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step 16: nothing was done with it.
    if (status === 421 && !this.#misdirected && (body === null || body.replayable)) {
      this.#misdirected = true
      this.#resend(this.#request)
      return { wanted: false }
    }
    if (isRedirect(status) && redirect !== 'manual') {
      if (redirect === 'error') throw new Error('unexpected redirect')
      const location = locationOf(headers.get('location'), url)
      if (location !== null) {
        this.#redirect(status, location)
        return { wanted: false }
      }
    }
    const bodiless = method === 'HEAD' || NULL_BODY_STATUSES.has(status)
    const source = bodiless ? null : decodedBody(exchange.body, headers.get('content-encoding'))
    this.#caller?.resolve(
      new FetchedResponse(source, {
        status,
        statusText,
        headers,
        url: withoutFragment(url.href),
        redirected: this.#redirects > 0,
        type: this.#crossedOrigin ? 'cors' : 'basic',
      }),
    )
    this.#caller = undefined
    return {
      wanted: !bodiless,
      progress: bodiless ? undefined : this.#downloadProgress(headers),
    }
  }

  #redirect(status: number, location: URL): void {
    if (this.#redirects === MAX_REDIRECTS) throw new Error('redirect count exceeded')
    const next = followRedirect(this.#request, status, location)
    this.#redirects += 1
    this.#crossedOrigin ||= location.origin !== this.#request.url.origin
    this.#resend(next)
  }

  /** One turn later: the end of a short response is then read, and its tunnel can carry the next request. */
  #resend(request: OutgoingRequest): void {
    this.#request = request
    this.#exchange = undefined
    setImmediate(() => {
      if (!this.#ended) this.#send()
    })
  }

  #abort(reason: unknown): void {
    this.#caller?.reject(reason)
    const exchange = this.#exchange
    this.#end(reason)
    exchange?.end(reason)
  }

  #fail(error: unknown): void {
    this.#caller?.reject(error)
    this.#end(error)
  }

  /** Nothing more will happen. */
  #end(reason: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#unlisten?.()
    this.#request.body?.cancel(reason)
  }

  #downloadProgress(headers: ReceivedHeaders): Progress | undefined {
    if (this.#onEvent === undefined) return undefined
    const length = headers.get('content-length')
    return Progress.of(
      this.#transfer('download-progress'),
      length === undefined ? null : Number(length),
      this.#onEvent,
    )
  }

  #transfer(type: Transfer['type']): Transfer {
    const { url, method } = this.#request
    return { type, target: authority(addressOf(url)), method, path: maskedPath(url.pathname) }
  }
}

function withoutFragment(href: string): string {
  const hash = href.indexOf('#')
  return hash === -1 ? href : href.slice(0, hash)
}
