import type { FormData as UndiciFormData } from 'undici'
import type { FetchInit, FetchInput } from '../request/request.js'
import { isCreateMessage } from '../../discord/create-message.js'
import type { FrameworkRepeats, SentMessage } from './framework-repeats.js'
import type { Doubt } from './in-doubt.js'
import { enforceInBytes, enforceInText, createNonce } from './enforce-nonce.js'
import { enforceInForm, isForm } from './enforce-nonce-form.js'
import { readHeader } from './read-header.js'

/** A request as delivery sees it. */
export interface DeliveryRequest {
  readonly input: FetchInput
  /** With the nonce in its body. */
  readonly init: FetchInit | undefined
  readonly url: string
  /** The body is still there after it was sent: it is no stream. */
  readonly replayable: boolean
  /** It changes nothing (RFC 9110 §9.2.1). */
  readonly safe: boolean
  /** A second one has no second effect (RFC 9110 §9.2.2). */
  readonly idempotent: boolean
  /** It can be repeated although it may have been carried out. */
  readonly repeatable: boolean
  /** So small that the time to its answer is not the time of an upload. */
  readonly small: boolean
  /** The Create Message that Discord carries out once. */
  readonly message: DeduplicatedMessage | undefined
}

/** A Create Message with a nonce that Discord enforces. */
export interface DeduplicatedMessage {
  readonly sent: SentMessage
  readonly nonce: string
  /** Why the call that this one repeats is in doubt; undefined for a new message. */
  readonly doubt: Doubt | undefined
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

const SMALL_BYTES = 1024 * 1024

/** Reads the arguments of a fetch, and gives a Create Message its nonce. Throws nothing: that is fetch's part. */
export function readDeliveryRequest(
  input: FetchInput,
  init: FetchInit | undefined,
  repeats: FrameworkRepeats,
): DeliveryRequest {
  const request = typeof input === 'object' && 'url' in input ? input : undefined
  const url = request?.url ?? textOf(input)
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
  const body: unknown = init?.body ?? request?.body ?? null
  const headers: unknown = init?.headers ?? request?.headers
  const replayable = isReplayable(body)
  const idempotent = IDEMPOTENT.has(method)
  const enforced =
    replayable && isCreateMessage(method, url) ? enforce({ url, headers, body }, repeats) : undefined
  return {
    input,
    init: enforced === undefined ? init : { ...init, body: enforced.body },
    url,
    replayable,
    safe: method === 'GET' || method === 'HEAD',
    idempotent,
    repeatable: enforced !== undefined || (idempotent && replayable),
    small: isSmall(body),
    message: enforced?.message,
  }
}

/** As fetch reads it: of a URL, and of whatever else can be written as one. */
function textOf(input: unknown): string {
  return String(input)
}

interface EnforcedMessage {
  readonly body: string | Buffer | FormData | UndiciFormData
  readonly message: DeduplicatedMessage
}

/** @returns undefined for a message that cannot be given a nonce, or must not be changed */
function enforce(sent: SentMessage, repeats: FrameworkRepeats): EnforcedMessage | undefined {
  const { body: given, headers } = sent
  // Content-Length counts the bytes of the body as it is.
  if (readHeader(headers, 'content-length') !== undefined) return undefined
  const repeated = repeats.find(sent)
  const nonce = repeated?.nonce ?? createNonce()
  const body = enforceIn(given, nonce)
  return body === undefined ? undefined : { body, message: { sent, nonce, doubt: repeated?.doubt } }
}

function enforceIn(body: unknown, nonce: string): EnforcedMessage['body'] | undefined {
  if (typeof body === 'string') return enforceInText(body, nonce)
  if (isForm(body)) return enforceInForm(body, nonce)
  if (body instanceof ArrayBuffer) return enforceInBytes(new Uint8Array(body), nonce)
  if (ArrayBuffer.isView(body))
    return enforceInBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), nonce)
  return undefined
}

function isReplayable(body: unknown): boolean {
  if (body === null || typeof body === 'string') return true
  return (
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    isForm(body)
  )
}

function isSmall(body: unknown): boolean {
  if (body === null) return true
  if (typeof body === 'string') return body.length <= SMALL_BYTES
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength <= SMALL_BYTES
  return body instanceof URLSearchParams
}
