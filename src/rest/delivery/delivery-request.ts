import type { FormData as UndiciFormData } from 'undici'
import type { FetchInit, FetchInput } from '../request/request.js'
import { isCreateMessage } from '../../discord/create-message.js'
import type { DoubtfulNonces, SentMessage } from './doubtful-nonces.js'
import { enforceInBytes, enforceInText, createNonce, type EnforcedBody } from './enforce-nonce.js'
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
  /** Two of it are as good as one (RFC 9110 §9.2.2). */
  readonly idempotent: boolean
  /** It can be repeated although it may have been carried out. */
  readonly repeatable: boolean
  /** So small that the time to its answer is not the time of an upload. */
  readonly small: boolean
  /** The message that got a nonce here, by which it is known if it comes again. */
  readonly message: { readonly sent: SentMessage; readonly nonce: string } | undefined
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

const SMALL_BYTES = 1024 * 1024

/** Reads the arguments of a fetch, and gives a Create Message its nonce. Throws nothing: that is fetch's part. */
export function readDeliveryRequest(
  input: FetchInput,
  init: FetchInit | undefined,
  nonces: DoubtfulNonces,
): DeliveryRequest {
  const request = typeof input === 'object' && 'url' in input ? input : undefined
  const url = request?.url ?? textOf(input)
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
  const body: unknown = init?.body ?? request?.body ?? null
  const headers: unknown = init?.headers ?? request?.headers
  const replayable = isReplayable(body)
  const idempotent = IDEMPOTENT.has(method)
  const enforced =
    replayable && isCreateMessage(method, url) ? enforce(body, headers, url, nonces) : undefined
  return {
    input,
    init: enforced === undefined ? init : { ...init, body: enforced.body },
    url,
    replayable,
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

/** A Create Message that Discord carries out once. */
interface EnforcedMessage {
  readonly body: NonceBody
  readonly message: DeliveryRequest['message']
}

type NonceBody = string | Buffer | FormData | UndiciFormData

/** @returns undefined for a message that cannot be made such, or must not be changed */
function enforce(
  body: unknown,
  headers: unknown,
  url: string,
  nonces: DoubtfulNonces,
): EnforcedMessage | undefined {
  // It counts the bytes of the body as it is.
  if (readHeader(headers, 'content-length') !== undefined) return undefined
  if (typeof body !== 'string' && !isForm(body)) {
    const enforced = enforceInBinary(body, createNonce())
    return enforced && { body: enforced.body, message: undefined }
  }
  const sent = { body, sender: () => `${readHeader(headers, 'authorization') ?? ''}\n${url}` }
  const nonce = nonces.take(sent) ?? createNonce()
  const enforced = typeof body === 'string' ? enforceInText(body, nonce) : enforceInForm(body, nonce)
  if (enforced === undefined) return undefined
  return { body: enforced.body, message: enforced.added === undefined ? undefined : { sent, nonce } }
}

function enforceInBinary(body: unknown, nonce: string): EnforcedBody<Buffer> | undefined {
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
