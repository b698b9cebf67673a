import {
  fetch,
  FormData as UndiciFormData,
  Request as UndiciRequest,
  type Dispatcher,
  type RequestInit as UndiciRequestInit,
  type Response as UndiciResponse,
} from 'undici'
import { TransportError } from '../errors.js'
import { isForm } from './request/multipart.js'
import { readHeaders } from './request/request-headers.js'
import type { FetchInit, FetchInput } from './request/request.js'
import { FetchedResponse } from './response/response.js'

/**
 * fetch by undici over our dispatcher, for what {@link directFetch} does not do: `data:` and `blob:` URLs,
 * integrity, referrers, cache modes.
 */
export async function undiciFetch(
  dispatcher: Dispatcher,
  input: FetchInput,
  init: FetchInit | undefined,
): Promise<Response> {
  const request = portableRequest(input, init)
  const given = request.init.headers ?? (input instanceof UndiciRequest ? input.headers : undefined)
  const headers = readHeaders(given)
  // Ours is a drop-in for Node's own fetch, and so it goes by its name.
  if (!headers.has('user-agent')) headers.set('user-agent', 'node')
  try {
    return globalResponse(
      await fetch(request.input, { ...request.init, headers: headers.pairs(), dispatcher }),
    )
  } catch (error) {
    throw unwrap(error)
  }
}

/** A request in the terms of the installed undici, whichever classes it came in. */
interface PortableRequest {
  readonly input: string | URL | UndiciRequest
  readonly init: UndiciRequestInit
}

/**
 * Translates the classes of Node's own fetch into those of the installed undici. The two do not know each
 * other: undici's fetch sends a global FormData as the text "[object FormData]", and takes a global Request
 * for a URL. Blob, File, Headers, URLSearchParams, streams and AbortSignal are the same in both.
 */
function portableRequest(input: FetchInput, init: FetchInit = {}): PortableRequest {
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
  if (source instanceof UndiciFormData || typeof source !== 'object' || source === null || !isForm(source))
    return body
  const form = new UndiciFormData()
  for (const [name, value] of source.entries()) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, value.name)
  }
  return form
}

function isStream(body: object | string): boolean {
  return typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body)
}

function globalResponse(response: UndiciResponse): Response {
  const { status, statusText, headers, url, redirected, type } = response
  const stream = response.body === null ? null : named(response.body as ReadableStream<Uint8Array>)
  return new FetchedResponse(new Response(stream, { headers: [...headers] }), {
    status,
    statusText,
    headers: [...headers],
    url,
    redirected,
    type,
  })
}

/** The same bytes; a failure in the middle of them keeps its name. */
function named(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) {
          controller.enqueue(value)
          return
        }
        controller.close()
        controller.byobRequest?.respond(0)
      } catch (error) {
        controller.error(unwrap(error))
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** undici wraps a failed connection into "fetch failed" and a broken body into "terminated". */
function unwrap(error: unknown): unknown {
  return error instanceof TypeError && error.cause instanceof TransportError ? error.cause : error
}
