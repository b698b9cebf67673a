import type { Dispatcher } from 'undici'
import { failureOf, TransportError } from '../errors.js'
import { exchange, withoutFragment, type ExchangeOptions, type ReceivedResponse } from './exchange.js'
import { isRedirect, redirected } from './redirect.js'
import type { OutgoingRequest } from './request/request.js'
import { decodedBody } from './response/content-decoding.js'
import { discardRest } from './response/response-body.js'
import { FetchedResponse } from './response/response.js'

/** https://fetch.spec.whatwg.org/#null-body-status */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304])

/** https://fetch.spec.whatwg.org/#http-redirect-fetch, step 8. */
const MAX_REDIRECTS = 20

/** https://fetch.spec.whatwg.org/#port-blocking: ports of protocols that an HTTP request must not reach. */
const BLOCKED_PORTS: ReadonlySet<string> = new Set(
  (
    '1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 ' +
    '119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 ' +
    '636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 ' +
    '6679 6697 10080'
  ).split(' '),
)

/**
 * fetch by one dispatch for each request: https://fetch.spec.whatwg.org/#fetching without what only browsers need.
 * It costs a quarter of undici's fetch, which builds a Request, two streams and two iterators for every call.
 */
export async function sendRequest(
  dispatcher: Dispatcher,
  first: OutgoingRequest,
  options: ExchangeOptions,
): Promise<Response> {
  let request = first
  let redirects = 0
  let crossedOrigin = false
  for (let misdirected = false; ;) {
    if (BLOCKED_PORTS.has(request.url.port)) {
      request.body?.cancel(undefined)
      throw new TypeError('fetch failed', { cause: new Error('bad port') })
    }
    let received: ReceivedResponse
    try {
      received = await exchange(dispatcher, request, options)
    } catch (error) {
      // Whatever becomes of a second request, the first one was carried out.
      throw redirects > 0 && error instanceof TransportError
        ? failureOf(error, { sent: 'maybe', retryable: false })
        : error
    }
    const { status } = received
    try {
      // https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step 16: a 421 was not carried out.
      const again = status === 421 && !misdirected && (request.body === null || request.body.replayable)
      const next = again ? request : nextRequest(request, received, redirects)
      if (next === undefined) return answer(request, received, { redirects, crossedOrigin })
      if (again) misdirected = true
      else redirects += 1
      crossedOrigin ||= next.url.origin !== request.url.origin
      request = next
    } catch (cause) {
      received.body.cancel()
      throw new TypeError('fetch failed', { cause })
    }
    void discardRest(received.body)
    // One turn later the end of a short response has been read, and its tunnel can carry the next request.
    await new Promise(setImmediate)
  }
}

/** The request that a redirect leads to; undefined for an answer to the caller. */
function nextRequest(
  request: OutgoingRequest,
  { status, headers }: ReceivedResponse,
  redirects: number,
): OutgoingRequest | undefined {
  if (status === 407) throw new Error('proxy authentication required')
  if (!isRedirect(status) || request.redirect === 'manual') return undefined
  if (request.redirect === 'error') throw new Error('unexpected redirect')
  const location = headers.get('location')
  if (location === undefined) return undefined
  if (redirects === MAX_REDIRECTS) throw new Error('redirect count exceeded')
  return redirected(request, status, location)
}

function answer(
  { method, url }: OutgoingRequest,
  { status, statusText, headers, body }: ReceivedResponse,
  { redirects, crossedOrigin }: { readonly redirects: number; readonly crossedOrigin: boolean },
): Response {
  const bodiless = method === 'HEAD' || NULL_BODY_STATUSES.has(status)
  return new FetchedResponse(bodiless ? null : decodedBody(body, headers.get('content-encoding')), {
    status,
    statusText,
    headers,
    url: withoutFragment(url.href),
    redirected: redirects > 0,
    type: crossedOrigin ? 'cors' : 'basic',
  })
}
