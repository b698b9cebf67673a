import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { errors, type Dispatcher } from 'undici'
import { failureOf, systemCode, TransportError } from '../errors.js'
import { isIdempotent } from '../tunnel/idempotent.js'
import { closedError, connectionLost, failure, type Hop } from '../tunnel/failures.js'

/** Errors of undici that are the caller's own, not a failure of the route. */
const CALLERS_OWN = new Set([
  'UND_ERR_ABORTED',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_NOT_SUPPORTED',
])

/** The way that an exchange goes; asked for only when it has failed. */
export interface Way {
  readonly hop: Hop
}

/** Gives the errors of one exchange their names. Serves undici's current handlers and its older ones. */
export function namedHandler(
  handler: Dispatcher.DispatchHandler,
  method: string,
  way: Way,
): Dispatcher.DispatchHandler {
  const Kind = handler.onRequestStart === undefined ? LegacyRelay : Relay
  return new Kind(handler, method, way)
}

/** @param started whether undici had begun to write the request: from then on it may have been carried out */
export function nameExchangeError(error: Error, method: string, hop: Hop, started = true): Error {
  const harmless = !started || isIdempotent(method)
  const named = nameError(error, hop, harmless)
  const sent = started ? 'maybe' : 'no'
  if (!(named instanceof TransportError) || named.sent === sent) return named
  return failureOf(named, { sent, retryable: named.retryable && harmless })
}

function nameError(error: Error, hop: Hop, harmless: boolean): Error {
  const code = systemCode(error)
  if (error instanceof TransportError || (code !== undefined && CALLERS_OWN.has(code))) return error
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError)
    return closedError(hop)
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return failure('ERR_TARGET_TIMEOUT', 'exchange', `${hop.target} did not answer in time`, error, hop, {
      hint: 'The tunnel is up, but the answer does not come. Raise headersTimeout or bodyTimeout for slow endpoints.',
      retryable: harmless,
    })
  }
  const broken = BROKEN.some((kind) => error instanceof kind)
  const system = code?.startsWith('E') === true && ('syscall' in error || /^ERR_(?:SSL|TLS)_/.test(code))
  return broken || system ? connectionLost(error, hop, harmless) : error
}

/**
 * undici's names for a connection that is of no more use. The mismatch is a body that ended too early, in an answer
 * that was to be the last one; the last is that of a broken HTTP/2 stream.
 */
const BROKEN = [
  errors.SocketError,
  errors.HTTPParserError,
  errors.ResponseContentLengthMismatchError,
  errors.InformationalError,
]

/** A handler that can lose interest in a request before it has begun. */
export interface AbandonableHandler extends Dispatcher.DispatchHandler {
  readonly abandoned: boolean
}

/**
 * Whether nobody waits for the answer any more. Such a request leaves the queue: undici could only begin it and
 * abort it then, and an abort costs the tunnel.
 */
export function isAbandoned(handler: Dispatcher.DispatchHandler | AbandonableHandler): boolean {
  return 'abandoned' in handler && handler.abandoned
}

/** What a relay of either kind knows of its exchange. */
abstract class NamedExchange implements AbandonableHandler {
  protected readonly handler: Dispatcher.DispatchHandler
  protected started = false
  readonly #method: string
  readonly #way: Way

  constructor(handler: Dispatcher.DispatchHandler, method: string, way: Way) {
    this.handler = handler
    this.#method = method
    this.#way = way
  }

  get abandoned(): boolean {
    return isAbandoned(this.handler)
  }

  protected named(error: Error): Error {
    return nameExchangeError(error, this.#method, this.#way.hop, this.started)
  }
}

class Relay extends NamedExchange {
  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.started = true
    this.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.handler.onRequestUpgrade?.(controller, statusCode, headers, socket)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    this.handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.handler.onResponseError?.(controller, this.named(error))
  }
}

/* eslint-disable @typescript-eslint/no-deprecated -- undici's own fetch has no newer handler */

/** The handler API of undici 6 and before, which undici's own fetch still uses. */
class LegacyRelay extends NamedExchange {
  onConnect(abort: (reason?: Error) => void): void {
    this.started = true
    this.handler.onConnect?.(abort)
  }

  onUpgrade(statusCode: number, headers: Buffer[] | string[] | null, socket: Duplex): void {
    this.handler.onUpgrade?.(statusCode, headers, socket)
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.()
  }

  onHeaders(statusCode: number, headers: Buffer[], resume: () => void, statusText: string): boolean {
    return this.handler.onHeaders?.(statusCode, headers, resume, statusText) ?? true
  }

  onData(chunk: Buffer): boolean {
    return this.handler.onData?.(chunk) ?? true
  }

  onComplete(trailers: string[] | null): void {
    this.handler.onComplete?.(trailers)
  }

  onBodySent(chunkSize: number, totalBytesSent: number): void {
    this.handler.onBodySent?.(chunkSize, totalBytesSent)
  }

  onError(error: Error): void {
    this.handler.onError?.(this.named(error))
  }
}
