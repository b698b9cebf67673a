import type { OutgoingRequest } from './request/request.js'

/** https://fetch.spec.whatwg.org/#redirect-status */
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** https://fetch.spec.whatwg.org/#request-body-header-name, and Content-Length, which clients here may set. */
const BODY_HEADERS = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
]

/** Headers that are meant for one origin only. */
const ORIGIN_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'host']

export function isRedirect(status: number): boolean {
  return REDIRECT_STATUSES.has(status)
}

/**
 * https://fetch.spec.whatwg.org/#http-redirect-fetch: the request that follows a redirect.
 *
 * @throws Error where no request may follow
 */
export function redirected(request: OutgoingRequest, status: number, location: string): OutgoingRequest {
  const url = parseLocation(location, request.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error('URL scheme must be a HTTP(S) scheme')
  if (url.username !== '' || url.password !== '')
    throw new Error('URL cannot contain credentials for request mode "cors"')
  const { body, headers, method } = request
  if (status !== 303 && body !== null && !body.replayable)
    throw new Error('The redirect asks for the body a second time, and the body was a stream')
  const becomesGet =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD')
  const dropped = [
    ...(becomesGet ? BODY_HEADERS : []),
    ...(url.origin === request.url.origin ? [] : ORIGIN_HEADERS),
  ]
  const next = { ...request, url, headers: headers.without(dropped) }
  return becomesGet ? { ...next, method: 'GET', body: null } : next
}

/** https://fetch.spec.whatwg.org/#concept-response-location-url */
function parseLocation(location: string, base: URL): URL {
  // Some servers write UTF-8 there, and browsers read it so; the parser of HTTP has made Latin-1 of it.
  const text = /^[ -~]*$/.test(location) ? location : Buffer.from(location, 'latin1').toString('utf8')
  try {
    return new URL(text, base)
  } catch {
    throw badLocation()
  }
}

/** In place of the parser's error, which holds both URLs: a path of Discord's may be a secret. */
export function badLocation(): Error {
  return new Error('The Location of a redirect is not a valid URL')
}
