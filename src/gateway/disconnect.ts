import { systemCode, TransportError } from '../errors.js'
import type { Hop } from '../tunnel/index.js'
import { closedByDiscord, recoveryOf, type Recovery } from './close-codes.js'
import { GatewayError } from './gateway-error.js'

/** How one connection ended, and what that means for its session. */
export interface Disconnect {
  readonly reason: string
  readonly error: Error | null
  /** Of the close frame; null where there was none. */
  readonly closeCode: number | null
  readonly recovery: Recovery
  /** The payload after the last dispatch could not be read. */
  readonly unreadable?: true
  /** Milliseconds to wait at least; a back-off may ask for more. */
  readonly waitMs?: number
  /** The user of the client asked for it: no back-off. */
  readonly wanted?: true
}

/** RFC 6455 §7.1.5: no close frame was received. */
const ABNORMAL = 1006

/** The socket is gone and nobody here wanted it. */
export function socketClosed(code: number, reason: string, failure: Error | undefined, hop: Hop): Disconnect {
  if (code !== ABNORMAL && failure === undefined) {
    const error = closedByDiscord(code, reason)
    return { reason: error.message, error, closeCode: code, recovery: recoveryOf(code) }
  }
  const error = failure ?? connectionLost('ended without a close frame', hop)
  return { reason: error.message, error, closeCode: null, recovery: 'resume' }
}

/** The socket failed after it had been open: its system code says how. */
export function socketBroke(cause: Error, hop: Hop): TransportError {
  if (cause instanceof TransportError) return cause
  return connectionLost(`broke (${systemCode(cause) ?? cause.message})`, hop, cause)
}

/** The peer answers no more. */
export function peerGone(why: string, hop: Hop): Disconnect {
  const error = connectionLost(`is dead: ${why}`, hop)
  return { reason: error.message, error, closeCode: null, recovery: 'resume' }
}

export function silentGateway(awaited: string, timeoutMs: number, hop: Hop): Disconnect {
  const error = new TransportError(`${hop.target} did not send ${awaited} within ${timeoutMs} ms`, {
    ...hop,
    code: 'ERR_TARGET_TIMEOUT',
    phase: 'exchange',
    hint: 'The WebSocket stood, but Discord or the way back is slow. The client tries again by itself.',
    retryable: true,
  })
  return { reason: error.message, error, closeCode: null, recovery: 'resume' }
}

/** The stream is damaged or a payload too large: what follows cannot be read either. */
export function unreadable(cause: unknown): Disconnect {
  const why = cause instanceof RangeError ? cause.message : 'what arrived is no payload'
  const error = new GatewayError(`The gateway's stream cannot be read: ${why}`, {
    code: 'ERR_GATEWAY_PAYLOAD',
    hint:
      cause instanceof RangeError
        ? 'Raise maxPayload if the payload is wanted.'
        : 'Nothing need be done: the client resumes. If it happens often, look at what lies between.',
    // That of JSON.parse would repeat a part of the payload.
    cause: cause instanceof SyntaxError ? undefined : cause,
  })
  return { reason: error.message, error, closeCode: null, recovery: 'resume', unreadable: true }
}

export function asked(reason: string, recovery: Recovery, waitMs = 0): Disconnect {
  return { reason, error: null, closeCode: null, recovery, waitMs }
}

function connectionLost(what: string, hop: Hop, cause?: Error): TransportError {
  const via = hop.proxy === null ? '' : ` through ${hop.proxy}`
  return new TransportError(`The gateway connection to ${hop.target}${via} ${what}`, {
    ...hop,
    code: 'ERR_CONNECTION_LOST',
    phase: 'exchange',
    hint: 'The proxy or the network dropped it. Nothing need be done: the client resumes by itself.',
    retryable: true,
    cause,
  })
}
