import type { GatewayDispatchPayload, GatewayReadyDispatch } from 'discord-api-types/v10'
import { Opcode } from '../discord/opcodes.js'

/** An event, and the text that it was read from. */
export interface Dispatch {
  readonly kind: 'dispatch'
  readonly payload: GatewayDispatchPayload
  readonly raw: string
}

/** What Discord sends, as far as the protocol itself reads it. */
export type ReceivedPayload =
  | Dispatch
  | { readonly kind: 'heartbeat-request' }
  | { readonly kind: 'heartbeat-ack' }
  | { readonly kind: 'hello'; readonly heartbeatIntervalMs: number }
  | { readonly kind: 'invalid-session'; readonly resumable: boolean }
  | { readonly kind: 'reconnect' }
  /** An opcode that this client does not know. */
  | { readonly kind: 'unknown'; readonly op: number }

/**
 * Reads one payload. The fields that the protocol needs are checked; the data of an event is not.
 *
 * @throws SyntaxError, TypeError for anything else: the stream is damaged
 */
export function readPayload(raw: string): ReceivedPayload {
  const value: unknown = JSON.parse(raw)
  if (isDispatch(value)) {
    if (isReady(value) && !beginsSession(value.d)) throw new TypeError('a READY without a session id')
    return { kind: 'dispatch', payload: value, raw }
  }
  if (typeof value !== 'object' || value === null || !('op' in value) || typeof value.op !== 'number')
    throw new TypeError('a payload without an opcode')
  const data: unknown = 'd' in value ? value.d : undefined
  switch (value.op) {
    case Opcode.Heartbeat:
      return { kind: 'heartbeat-request' }
    case Opcode.HeartbeatAck:
      return { kind: 'heartbeat-ack' }
    case Opcode.Reconnect:
      return { kind: 'reconnect' }
    case Opcode.InvalidSession:
      return { kind: 'invalid-session', resumable: data === true }
    case Opcode.Hello:
      return { kind: 'hello', heartbeatIntervalMs: heartbeatInterval(data) }
    case Opcode.Dispatch:
      throw new TypeError('a dispatch without its name or sequence')
    default:
      return { kind: 'unknown', op: value.op }
  }
}

function isDispatch(value: unknown): value is GatewayDispatchPayload {
  return (
    typeof value === 'object' &&
    value !== null &&
    'op' in value &&
    value.op === Opcode.Dispatch &&
    't' in value &&
    typeof value.t === 'string' &&
    // RESUMED ends a replay whatever its sequence is.
    (('s' in value && typeof value.s === 'number') || value.t === 'RESUMED')
  )
}

function beginsSession(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && 'session_id' in data && typeof data.session_id === 'string'
  )
}

/** The longest timer of Node: a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

function heartbeatInterval(data: unknown): number {
  if (typeof data === 'object' && data !== null && 'heartbeat_interval' in data) {
    const { heartbeat_interval: interval } = data
    if (typeof interval === 'number' && interval > 0 && interval <= MAX_TIMER_MS) return interval
  }
  throw new TypeError('a HELLO without its heartbeat interval')
}

/** The first dispatch of a session. */
export function isReady(payload: GatewayDispatchPayload): payload is GatewayReadyDispatch {
  const event: string = payload.t
  return event === 'READY'
}

/** The last dispatch of a replay. */
export function isResumed(payload: GatewayDispatchPayload): boolean {
  const event: string = payload.t
  return event === 'RESUMED'
}
