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

/** The same bytes; an error in the middle of them is the TransportError itself. */
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
  if (!(error instanceof TypeError)) return error
  if (error.cause instanceof TransportError) return error.cause
  // The parser's error holds both URLs of a redirect.
  return systemCode(error.cause) === 'ERR_INVALID_URL'
    ? new TypeError(error.message, { cause: badLocation() })
    : error
}
