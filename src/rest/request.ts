import type { File } from 'node:buffer'
import {
  FormData as UndiciFormData,
  Request as UndiciRequest,
  type RequestInit as UndiciRequestInit,
} from 'undici'

/** What `fetch` takes first. */
export type FetchInput = string | URL | Request | UndiciRequest

/** What `fetch` takes second: the global RequestInit, or undici's. */
export type FetchInit = RequestInit | UndiciRequestInit

/** A request in the terms of the installed undici, whichever classes it came in. */
export interface PortableRequest {
  readonly input: string | URL | UndiciRequest
  readonly init: UndiciRequestInit
}

/**
 * Translates the classes of Node's own fetch into those of the installed undici. The two do not know each
 * other: undici's fetch sends a global FormData as the text "[object FormData]", and takes a global Request
 * for a URL. Blob, File, Headers, URLSearchParams, streams and AbortSignal are the same in both.
 */
export function portableRequest(input: FetchInput, init: FetchInit = {}): PortableRequest {
  const own: UndiciRequestInit = { ...(init as UndiciRequestInit) }
  if (own.body !== undefined && own.body !== null) {
    own.body = portableBody(own.body)
    // A stream can be sent one way only (Fetch standard, RequestDuplex); callers of other clients do not say so.
    if (isStream(own.body)) own.duplex = 'half'
  }
  if (typeof input === 'string' || input instanceof URL || input instanceof UndiciRequest)
    return { input, init: own }
  return { input: input.url, init: { ...initOf(input), ...own } }
}

/** A global Request, opened up: undici's Request takes none but its own kind. */
function initOf(request: Request): UndiciRequestInit {
  const {
    method,
    headers,
    body,
    signal,
    redirect,
    referrer,
    referrerPolicy,
    integrity,
    keepalive,
    credentials,
    mode,
    cache,
  } = request
  return {
    method,
    headers: [...headers],
    signal,
    redirect,
    referrer,
    referrerPolicy,
    integrity,
    keepalive,
    credentials,
    cache,
    ...(mode === 'navigate' ? undefined : { mode }),
    ...(body === null ? undefined : { body, duplex: 'half' }),
  }
}

function portableBody(body: NonNullable<UndiciRequestInit['body']>): NonNullable<UndiciRequestInit['body']> {
  const source: unknown = body
  if (source instanceof UndiciFormData || !isForm(source)) return body
  const form = new UndiciFormData()
  for (const [name, value] of source.entries()) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, value.name)
  }
  return form
}

/** The part of FormData that is read. */
interface Form {
  entries(): Iterable<[string, string | File]>
}

/** Any FormData: the global one, and those of packages which follow the standard. */
function isForm(value: unknown): value is Form {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === 'FormData' &&
    'entries' in value
  )
}

function isStream(body: object | string): boolean {
  return typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body)
}
