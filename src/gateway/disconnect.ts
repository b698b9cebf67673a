import { sanitizeForeignText } from '../config/index.js'
import { closeMeaning, type Recovery } from '../discord/close-codes.js'
import { TransportError } from '../errors.js'
import type { Via } from '../tunnel/index.js'
import { brokenConnection, type SocketEnd } from '../websocket/live-socket.js'
import { GatewayError } from './gateway-error.js'

/** Why a connection ended, as one word for programs. */
export type DisconnectCause =
  /** The connection could not be opened: proxy, TLS or upgrade. */
  | 'connect-failed'
  /** GET /gateway/bot, or the function `gatewayInfo`, failed. */
  | 'lookup-failed'
  /** `sessionStore.load` failed. */
  | 'session-store-failed'
  /** `identifyThrottler` failed. */
  | 'identify-throttler-failed'
  /** The shard is another member's by now, or will be: see the option `fleet`. */
  | 'lease-ended'
  /** The connection broke without a close frame. */
  | 'connection-lost'
  /** Nothing arrived any more, not even an answer to a ping. */
  | 'silence'
  /** Discord did not acknowledge a heartbeat. */
  | 'zombie'
  /** HELLO, READY or RESUMED did not come in time. */
  | 'ready-timeout'
  /** Discord sent a close frame: see `closeCode` and `closeReason`. */
  | 'closed'
  /** Discord asked for a reconnect (op 7). */
  | 'server-reconnect'
  /** Discord invalidated the session (op 9). */
  | 'invalid-session'
  /** What arrived could not be read, or was larger than `maxPayload`. */
  | 'unreadable'
  /** `transport.setProxy()` was called. */
  | 'proxy-change'
  /** `reconnect()` or `close()` was called. */
  | 'requested'

/** How one connection ended, and what that means for its session. */
export interface Disconnect {
  readonly cause: DisconnectCause
  readonly reason: string
  readonly error: Error | null
  readonly recovery: Recovery
  /** Of Discord's close frame. */
  readonly closeCode?: number
  readonly closeReason?: string
  /** Milliseconds to wait before the next identify. */
  readonly waitMs?: number
}

/** The socket is closed, and this side did not do it. */
export function socketEnded(end: SocketEnd, via: Via): Disconnect {
  switch (end.kind) {
    case 'close-frame':
      return closedByDiscord(end.code, end.reason)
    case 'unreadable':
      return unreadable(end.error)
    case 'failed':
      return failed(end.opened ? 'connection-lost' : 'connect-failed', end.error)
    case 'lost':
      return failed('connection-lost', brokenConnection('ended without a close frame', via))
  }
}

function closedByDiscord(closeCode: number, closeReason: string): Disconnect {
  const meaning = closeMeaning(closeCode)
  const words = sanitizeForeignText(closeReason)
  const error = new GatewayError(
    `Discord closed the gateway connection with ${closeCode}: ${meaning.meaning}${words === '' ? '' : ` (${words})`}`,
    meaning.recovery === 'fatal'
      ? { code: `ERR_GATEWAY_${meaning.refused}`, hint: meaning.hint, closeCode }
      : {
          code: 'ERR_GATEWAY_DISCONNECTED',
          hint: 'Nothing to do: the client reconnects by itself.',
          closeCode,
        },
  )
  return {
    cause: 'closed',
    reason: error.message,
    error,
    recovery: meaning.recovery,
    closeCode,
    closeReason: words,
  }
}

/** The peer no longer answers. */
export function peerGone(cause: 'silence' | 'zombie', via: Via): Disconnect {
  const why =
    cause === 'zombie'
      ? 'it did not acknowledge the last heartbeat'
      : 'it answered neither a ping nor a heartbeat'
  return failed(cause, brokenConnection(`is dead: ${why}`, via))
}

/** @param awaited HELLO, READY or RESUMED */
export function notReadyInTime(awaited: string, timeoutMs: number, via: Via): Disconnect {
  const error = new TransportError(`${via.target} did not send ${awaited} within ${timeoutMs} ms`, {
    ...via,
    code: 'ERR_TARGET_TIMEOUT',
    phase: 'exchange',
    hint: 'The WebSocket was open, but Discord or the way back is slow. The client tries again by itself.',
    retryable: true,
  })
  return failed('ready-timeout', error)
}

/** The error code of ws for a message above `maxPayload`: ws/doc/ws.md, "Error codes". */
const MESSAGE_TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
/** The error code of zlib for output above `maxOutputLength`. */
const OUTPUT_TOO_LARGE = 'ERR_BUFFER_TOO_LARGE'
const TOO_LARGE: ReadonlySet<unknown> = new Set([MESSAGE_TOO_LARGE, OUTPUT_TOO_LARGE])

/** The stream is damaged or a payload too large: what follows cannot be read either. */
export function unreadable(cause: unknown): Disconnect {
  const tooLarge = cause instanceof Error && 'code' in cause && TOO_LARGE.has(cause.code)
  // The message of JSON.parse would repeat a part of the payload.
  const isText = cause instanceof SyntaxError
  const why = cause instanceof Error && !isText ? cause.message : 'what arrived is not a payload'
  const error = new GatewayError(`The gateway's stream cannot be read: ${why}`, {
    code: 'ERR_GATEWAY_PAYLOAD',
    hint: tooLarge
      ? 'Raise maxPayload if the payload is wanted.'
      : 'Nothing to do: the client resumes. If it happens often, look for what changes the data on the way.',
    cause: isText ? undefined : cause,
  })
  return failed('unreadable', error)
}

/** This side ends the connection, or could not open it. */
export function failed(cause: DisconnectCause, error: Error, recovery: Recovery = 'resume'): Disconnect {
  return { cause, reason: error.message, error, recovery }
}

/** The lease of the shard no longer stands. A session that began too late is ended. */
export function leaseEnded(recovery: Recovery = 'resume'): Disconnect {
  return leaving('lease-ended', 'the lease of the shard has ended', recovery)
}

/** This side ends the connection although nothing failed. */
export function leaving(cause: DisconnectCause, reason: string, recovery: Recovery): Disconnect {
  return { cause, reason, error: null, recovery }
}
