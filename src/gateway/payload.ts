import type { GatewayDispatchPayload, GatewayReadyDispatch } from 'discord-api-types/v10'
import { Opcode } from '../discord/opcodes.js'

/** What Discord sends, as far as the protocol itself reads it. */
export type ReceivedPayload =
  | { readonly kind: 'dispatch'; readonly payload: GatewayDispatchPayload }
  | { readonly kind: 'heartbeat-request' }
  | { readonly kind: 'heartbeat-ack' }
  | { readonly kind: 'hello'; readonly heartbeatIntervalMs: number }
  | { readonly kind: 'invalid-session'; readonly resumable: boolean }
  | { readonly kind: 'reconnect' }
  /** An opcode of a later day. */
  | { readonly kind: 'unknown'; readonly op: number }

/**
 * Reads one payload. What the protocol needs is checked; for the data of an event Discord's word is taken.
 *
 * @throws SyntaxError, TypeError for what is no payload: the stream is damaged
 */
export function readPayload(text: string): ReceivedPayload {
  const value: unknown = JSON.parse(text)
  if (isDispatch(value)) {
    if (isReady(value) && !beginsSession(value.d)) throw new TypeError('A READY without its session')
    return { kind: 'dispatch', payload: value }
  }
  if (typeof value !== 'object' || value === null || !('op' in value) || typeof value.op !== 'number')
    throw new TypeError('A payload without an opcode')
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
      throw new TypeError('A dispatch without its event or sequence')
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
    's' in value &&
    typeof value.s === 'number'
  )
}

function beginsSession(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && 'session_id' in data && typeof data.session_id === 'string'
  )
}

/** A timer of Node's that is to wait for longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

function heartbeatInterval(data: unknown): number {
  if (typeof data === 'object' && data !== null && 'heartbeat_interval' in data) {
    const { heartbeat_interval: interval } = data
    if (typeof interval === 'number' && interval > 0 && interval <= MAX_TIMER_MS) return interval
  }
  throw new TypeError('A hello without its heartbeat interval')
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
