import {
  fetch,
  type Dispatcher,
  type RequestInit as UndiciRequestInit,
  type Response as UndiciResponse,
} from 'undici'
import { systemCode, TransportError } from '../errors.js'
import type { ExchangeOptions } from './exchange.js'
import { badLocation } from './redirect.js'
import type { OutgoingRequest } from './request/request.js'
import { sourceOf } from './request/stream-source.js'
import type { BodySource } from './response/response-body.js'
import { FetchedResponse } from './response/response.js'

/**
 * fetch by undici over our dispatcher, for requests that {@link sendRequest} does not implement: `data:` and `blob:`
 * URLs, integrity, referrers, cache modes.
 */
export async function undiciFetch(
  dispatcher: Dispatcher,
  { url, method, headers: given, body, redirect, signal, browserMembers }: OutgoingRequest,
  { answerTimeoutMs }: ExchangeOptions,
): Promise<Response> {
  const headers = given.without([])
  // transport.fetch is a drop-in for Node's own fetch, so it sends the same User-Agent.
  if (!headers.has('user-agent')) headers.set('user-agent', 'node')
  if (typeof body?.length === 'number' && !headers.has('content-length'))
    headers.set('content-length', String(body.length))
  const init = {
    ...browserMembers,
    method,
    headers: headers.pairs(),
    ...(body && { body: body.open(), duplex: 'half' }),
    redirect,
    signal,
    dispatcher: dispatcher.compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, headersTimeout: answerTimeoutMs ?? null }, handler),
    ),
  } as UndiciRequestInit
  try {
    return globalResponse(await fetch(url, init))
  } catch (error) {
    throw unwrap(error)
  }
}

function globalResponse(response: UndiciResponse): Response {
  const { status, statusText, headers, url, redirected, type } = response
  const body = response.body === null ? null : sourceOf(response.body as ReadableStream)
  // The error in the middle of the bytes is the TransportError itself.
  const source: BodySource | null = body && {
    ready: () => undefined,
    next: () =>
      body.read().catch((error: unknown) => {
        throw unwrap(error)
      }),
    cancel: (reason) => body.cancel(reason),
    heldBy: () => undefined,
  }
  return new FetchedResponse(source, {
    status,
    statusText,
    headers: [...headers],
    url,
    redirected,
    type,
  })
}

/** undici wraps a failed connection into "fetch failed" and a broken body into "terminated". */
function unwrap(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  if (error.cause instanceof TransportError) return error.cause
  // The parser's error holds both URLs of a redirect.
  return systemCode(error.cause) === 'ERR_INVALID_URL'
    ? new TypeError(error.message, { cause: badLocation() })
    : error
}
