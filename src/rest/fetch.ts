import {
  fetch as undiciFetch,
  Headers as UndiciHeaders,
  type Dispatcher,
  type HeadersInit as UndiciHeadersInit,
  type Response as UndiciResponse,
} from 'undici'
import { configError, TransportError } from '../errors.js'
import { portableRequest, type FetchInit, type FetchInput } from './request.js'
import { FetchedResponse } from './response.js'

/** A drop-in for the global fetch: takes and gives global classes, and undici's. */
export type TransportFetch = (input: FetchInput, init?: FetchInit) => Promise<Response>

/** A fetch over one dispatcher. Failures of the route reject with their TransportError itself. */
export function createFetch(dispatcher: Dispatcher): TransportFetch {
  return async function fetch(input, init) {
    const request = portableRequest(input, init)
    refuseProxyCredentials(request.init.headers)
    try {
      const response = await undiciFetch(request.input, { ...request.init, dispatcher })
      return globalResponse(response)
    } catch (error) {
      throw unwrap(error)
    }
  }
}

/** Proxy-Authorization is for the proxy; inside the tunnel it would reach the destination. */
function refuseProxyCredentials(headers: FetchInit['headers']): void {
  if (headers === undefined) return
  if (!new UndiciHeaders(headers as UndiciHeadersInit).has('proxy-authorization')) return
  throw configError(
    'headers',
    'Proxy-Authorization must not be sent to a destination',
    'Put the credentials into the proxy URL, or give the option proxyAuthorization.',
  )
}

/** RFC 9112 §4: what a reason phrase may hold; a Response refuses anything else. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/

function globalResponse(response: UndiciResponse): Response {
  const { status, statusText, headers, url, redirected, type } = response
  const body = response.body === null ? null : named(response.body as ReadableStream<Uint8Array>)
  return new FetchedResponse(
    body,
    { status, statusText: REASON_PHRASE.test(statusText) ? statusText : '', headers: [...headers] },
    { url, redirected, type },
  )
}

/** The same bytes; a failure in the middle of them keeps its name. */
function named(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
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
