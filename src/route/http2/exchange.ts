import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import { errors, type Dispatcher } from 'undici'
import { discardBody, pumpBody, requestBody, type RequestBody } from './body.js'
import { requestHeaders } from './headers.js'

export interface ExchangeOwner {
  /** Takes the request back, or does not. */
  again(): boolean
  /** Why the session is gone. */
  lost(): Error
  /** Milliseconds of silence, before an answer or within it, after which it is given up. */
  readonly silenceMs: number
  /** No answer has begun in time to what was asked then. */
  onLate(askedAt: number): void
  /** The server has said something. */
  onHeard(): void
  /** Answered or failed; called once. */
  onOver(): void
}

/** One request and its response: a stream of a session. */
export class Http2Exchange implements Dispatcher.DispatchController {
  readonly rawHeaders = null
  readonly rawTrailers = null
  readonly #options: Dispatcher.DispatchOptions
  readonly #handler: Dispatcher.DispatchHandler
  readonly #owner: ExchangeOwner
  #stream: ClientHttp2Stream | undefined
  #askedAt = 0
  #answered = false
  #over = false
  #paused = false
  #reason: Error | null = null

  constructor(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    owner: ExchangeOwner,
  ) {
    this.#options = options
    this.#handler = handler
    this.#owner = owner
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  get paused(): boolean {
    return this.#paused
  }

  get reason(): Error | null {
    return this.#reason
  }

  start(session: ClientHttp2Session, origin: URL): void {
    const { method, upgrade = null, expectContinue = false, body } = this.#options
    if (upgrade !== null || method === 'CONNECT' || expectContinue) {
      discardBody(body)
      this.#fail(
        new errors.NotSupportedError('HTTP/2 inside the tunnel carries no upgrade and no expectation'),
      )
      return
    }
    try {
      this.#handler.onRequestStart?.(this, null)
    } catch (error) {
      this.abort(toError(error))
    }
    if (this.aborted) {
      discardBody(body)
      return
    }
    try {
      this.#open(session, origin)
    } catch (error) {
      discardBody(body)
      // A session that is gone throws; so does a header that HTTP/2 cannot carry.
      this.#fail(session.destroyed || session.closed ? this.#owner.lost() : toError(error))
    }
  }

  abort(reason: Error): void {
    if (this.#over || this.#reason !== null) return
    this.#reason = reason
    this.#fail(reason)
  }

  pause(): void {
    this.#paused = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#paused = false
    // Its timer has run out if nobody has read for long.
    if (this.#answered) this.#stream?.setTimeout(this.#options.bodyTimeout ?? this.#owner.silenceMs)
    this.#stream?.resume()
  }

  /** The session is gone. */
  onLost(): void {
    this.#fail(this.#owner.lost())
  }

  #open(session: ClientHttp2Session, origin: URL): void {
    const { headersTimeout, bodyTimeout } = this.#options
    const body = requestBody(this.#options)
    const headers = requestHeaders(this.#options, origin, body)
    this.#askedAt = performance.now()
    const stream = session.request(headers, { endStream: body === null })
    this.#stream = stream
    if (body !== null) this.#pump(stream, body)

    let trailers: IncomingHttpHeaders = {}
    stream.setTimeout(headersTimeout ?? this.#owner.silenceMs)
    stream.on('response', ({ ':status': status = 0, ...fields }) => {
      this.#owner.onHeard()
      this.#answered = true
      stream.setTimeout(bodyTimeout ?? this.#owner.silenceMs)
      this.#tell(() => this.#handler.onResponseStart?.(this, status, fields, ''))
      // Not before: Node tells of a head one tick late, and of data that came with it at once.
      stream.on('data', (chunk: Buffer) => {
        this.#owner.onHeard()
        this.#tell(() => this.#handler.onResponseData?.(this, chunk))
      })
      if (this.#paused) stream.pause()
    })
    stream.on('trailers', (fields: IncomingHttpHeaders) => (trailers = fields))
    stream.on('end', () => {
      // Streams of a session that is destroyed end too, and so do those that the server breaks off: 'close' follows.
      const broken = session.destroyed || stream.rstCode !== constants.NGHTTP2_NO_ERROR
      if (!this.#answered || this.#over || broken) return
      this.#over = true
      this.#tellEnd(trailers)
      this.#owner.onOver()
      // What is left of an upload that was answered early is of no use.
      if (!stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR)
    })
    stream.on('timeout', () => this.#onTimeout(stream))
    // What an error is, the session knows better: 'close' follows.
    let streamError: Error | undefined
    stream.on('error', (error: Error) => (streamError = error))
    stream.on('close', () => {
      if (this.#over) return
      if (this.#refused(stream, body)) return
      this.#fail(session.destroyed ? this.#owner.lost() : brokenStream(stream.rstCode, streamError))
    })
  }

  #pump(stream: ClientHttp2Stream, body: RequestBody): void {
    if (body.source instanceof Uint8Array) {
      stream.end(body.source)
      return
    }
    pumpBody(stream, body.source, body.length).catch((error: unknown) => this.abort(toError(error)))
  }

  /** RFC 9113 §8.7: a stream that was refused has not been processed, and is safe to try again. */
  #refused(stream: ClientHttp2Stream, body: RequestBody | null): boolean {
    const whole = body === null || body.source instanceof Uint8Array
    if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM || this.#answered || !whole) return false
    this.#over = true
    this.#owner.onOver()
    if (this.#owner.again()) return true
    this.#over = false
    return false
  }

  #onTimeout(stream: ClientHttp2Stream): void {
    // Nobody reads: that is no silence of the server's.
    if (this.#paused) return
    const waitsFor = this.#answered ? errors.BodyTimeoutError : errors.HeadersTimeoutError
    stream.removeAllListeners('timeout')
    if (!this.#answered) this.#owner.onLate(this.#askedAt)
    this.#fail(new waitsFor())
  }

  /** A handler that throws aborts its own exchange, as with undici. */
  #tell(what: () => void): void {
    if (this.#over) return
    try {
      what()
    } catch (error) {
      this.abort(toError(error))
    }
  }

  #tellEnd(trailers: IncomingHttpHeaders): void {
    try {
      this.#handler.onResponseEnd?.(this, trailers)
    } catch (error) {
      this.#handler.onResponseError?.(this, toError(error))
    }
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#stream?.close(constants.NGHTTP2_CANCEL)
    this.#owner.onOver()
    this.#handler.onResponseError?.(this, error)
  }
}

function brokenStream(code: number | undefined, error: Error | undefined): Error {
  const broken = new errors.SocketError(`the HTTP/2 stream was closed with code ${code ?? 'unknown'}`)
  if (error !== undefined) broken.cause = error
  return broken
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
