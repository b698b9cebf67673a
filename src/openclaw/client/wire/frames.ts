import { isObject, type JsonObject } from '../../../config/json.js'

/** An error as the gateway writes it. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  readonly retryable: boolean
  readonly retryAfterMs: number | null
}

export interface ResponseFrame {
  readonly type: 'res'
  readonly id: string
  readonly payload: unknown
  readonly error: WireError | null
}

/** An event as it came. */
export interface EventFrame {
  readonly type: 'event'
  readonly event: string
  readonly payload: Readonly<Record<string, unknown>>
  /** Counts from 1 on each connection, without gaps; null for the challenge. */
  readonly seq: number | null
}

export type Fields = JsonObject

/** The fields of what should be an object; none where it is something else. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {}
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** A frame of the gateway; undefined for one that this client does not know. @throws SyntaxError */
export function readFrame(text: string): ResponseFrame | EventFrame | undefined {
  const frame: unknown = JSON.parse(text)
  if (!isObject(frame)) throw new SyntaxError('a frame is an object')
  if (frame['type'] === 'event' && typeof frame['event'] === 'string')
    return {
      type: 'event',
      event: frame['event'],
      payload: fieldsOf(frame['payload']),
      seq: numberOf(frame['seq']),
    }
  if (frame['type'] !== 'res' || typeof frame['id'] !== 'string') return undefined
  const ok = frame['ok'] === true
  return {
    type: 'res',
    id: frame['id'],
    payload: frame['payload'],
    error: ok ? null : readError(fieldsOf(frame['error'])),
  }
}

function readError(error: Fields): WireError {
  return {
    code: textOf(error['code']) ?? 'UNAVAILABLE',
    message: textOf(error['message']) ?? 'the gateway gave no reason',
    details: fieldsOf(error['details']),
    retryable: error['retryable'] === true,
    retryAfterMs: numberOf(error['retryAfterMs']),
  }
}

/** One request as it is sent. */
export function requestFrame(id: string, method: string, params: Fields): string {
  return JSON.stringify({ type: 'req', id, method, params })
}
