import { errors } from 'undici'
import { failureOf, systemCode, TransportError } from '../errors.js'
import { closedError, connectionLost } from '../tunnel/failures.js'
import { failure, fault, type Via } from '../tunnel/fault.js'
import { isIdempotent } from '../tunnel/idempotent.js'

/** undici's codes for mistakes and decisions of the caller. They pass unchanged: the route did not fail. */
const CALLERS_OWN = new Set([
  'UND_ERR_ABORTED',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_NOT_SUPPORTED',
])

/**
 * undici's errors for a connection that cannot be used any more. ResponseContentLengthMismatchError is a body that
 * ended too early in an answer with `Connection: close`.
 */
const BROKEN = [
  errors.SocketError,
  errors.HTTPParserError,
  errors.ResponseContentLengthMismatchError,
  errors.InformationalError,
]

const SILENT = fault('ERR_TARGET_TIMEOUT', 'exchange', 'route.silent')
const UNREAD = fault('ERR_CONNECTION_LOST', 'exchange', 'route.unread')

/**
 * Turns an error of undici into a TransportError that names the route.
 *
 * @param started whether undici had begun to write the request; from then on Discord may have carried it out
 */
export function nameExchangeError(error: Error, method: string, via: Via, started: boolean): Error {
  const harmless = !started || isIdempotent(method)
  const named = nameError(error, via, harmless)
  // A failure of an earlier phase says for itself that nothing of the request was carried out.
  if (named instanceof TransportError && named.phase !== 'exchange') return named
  const sent = started ? 'maybe' : 'no'
  if (!(named instanceof TransportError) || named.sent === sent) return named
  return failureOf(named, { sent, retryable: named.retryable && harmless })
}

function nameError(error: Error, via: Via, harmless: boolean): Error {
  const code = systemCode(error)
  if (error instanceof TransportError || (code !== undefined && CALLERS_OWN.has(code))) return error
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError)
    return closedError(via)
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return failure(SILENT, via, {}, { cause: error, retryable: harmless })
  }
  const broken = BROKEN.some((kind) => error instanceof kind)
  const system = code?.startsWith('E') === true && ('syscall' in error || /^ERR_(?:SSL|TLS)_/.test(code))
  return broken || system ? connectionLost(error, via, harmless) : error
}

/** The caller left a response unread, so its tunnel is closed and the rest of the body is lost. */
export function unreadError(method: string, via: Via, waitedMs: number): TransportError {
  return failure(UNREAD, via, { waitedMs }, { retryable: isIdempotent(method) })
}
