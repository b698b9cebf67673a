import type { OutgoingRequest } from './request/request.js'

/** https://fetch.spec.whatwg.org/#redirect-status */
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** https://fetch.spec.whatwg.org/#http-redirect-fetch, step 8. */
export const MAX_REDIRECTS = 20

/** https://fetch.spec.whatwg.org/#request-body-header-name, and Content-Length, which clients here may set. */
const BODY_HEADERS = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
]

/** What is for one origin only. */
const ORIGIN_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'host']

export function isRedirect(status: number): boolean {
  return REDIRECT_STATUSES.has(status)
}

/**
 * Where a redirect leads; null without a Location (https://fetch.spec.whatwg.org/#concept-response-location-url).
 *
 * @throws TypeError for what is no URL
 */
export function locationOf(location: string | undefined, base: URL): URL | null {
  if (location === undefined) return null
  // Some servers write UTF-8 there, and browsers read it so; the parser of HTTP has made Latin-1 of it.
  const text = /^[ -~]*$/.test(location) ? location : Buffer.from(location, 'latin1').toString('utf8')
  return new URL(text, base)
}

/**
 * https://fetch.spec.whatwg.org/#http-redirect-fetch: the request that follows a redirect. Changes the
 * headers in place: the first request is over.
 *
 * @throws Error where no request may follow
 */
export function followRedirect(request: OutgoingRequest, status: number, location: URL): OutgoingRequest {
  if (location.protocol !== 'http:' && location.protocol !== 'https:')
    throw new Error('URL scheme must be a HTTP(S) scheme')
  if (location.username !== '' || location.password !== '')
    throw new Error('URL cannot contain credentials for request mode "cors"')
  let { method, body } = request
  if (status !== 303 && body !== null && !body.replayable)
    throw new Error('The redirect wants the body once more, and it was a stream')
  const becomesGet =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD')
  if (becomesGet) {
    method = 'GET'
    body = null
    for (const name of BODY_HEADERS) request.headers.delete(name)
  }
  if (location.origin !== request.url.origin) {
    for (const name of ORIGIN_HEADERS) request.headers.delete(name)
  }
  return { ...request, url: location, method, body }
}
