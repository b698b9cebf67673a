import type { Request as UndiciRequest, RequestInit as UndiciRequestInit } from 'undici'
import { requestBody, type RequestBody } from './request-body.js'
import { domString, isToken, readHeaders, type RequestHeaders } from './request-headers.js'

/** What `fetch` takes first. */
export type FetchInput = string | URL | Request | UndiciRequest

/** What `fetch` takes second: the global RequestInit, undici's, or that of a library with an undici of its own. */
export type FetchInit = RequestInit | UndiciRequestInit | ForeignRequestInit

/** What discord.js gives to its `makeRequest`, whose types no other version of undici fits. */
export interface ForeignRequestInit {
  readonly method?: string | undefined
  readonly headers?: object | undefined
  readonly body?: object | string | null | undefined
  readonly signal?: AbortSignal | null | undefined
}

/** A request that we send ourselves. */
export interface OutgoingRequest {
  readonly url: URL
  readonly method: string
  readonly headers: RequestHeaders
  readonly body: RequestBody | null
  readonly redirect: 'follow' | 'manual' | 'error'
  readonly signal: AbortSignal | null
  /** The Request that was handed in: its signal follows the caller's only as long as it lives. */
  readonly source?: object
}

/** The members of a RequestInit; any of them may be anything. */
type InitMembers = Readonly<Partial<Record<keyof RequestInit | keyof UndiciRequestInit, unknown>>>

/**
 * Reads the arguments of `fetch(url, init)` as the Request constructor does
 * (https://fetch.spec.whatwg.org/#dom-request).
 *
 * @returns undefined for what undici's fetch has to do: schemes other than http and https, and members of
 *   the init that few clients set
 * @throws TypeError as the Request constructor does
 */
export function readRequest(input: string | URL, init: FetchInit | undefined): OutgoingRequest | undefined {
  const members: InitMembers = init ?? {}
  if (!isOrdinary(members)) return undefined
  const url = parseUrl(input)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  if (url.username !== '' || url.password !== '')
    throw new TypeError('Request cannot be constructed from a URL that includes credentials')
  const method = members.method === undefined ? 'GET' : normalisedMethod(domString(members.method))
  const headers = readHeaders(members.headers)
  // The URL says which host, and the mode is the only one there is.
  headers.delete('host')
  headers.delete('sec-fetch-mode')
  const body = readBody(members.body)
  if (body === undefined) return undefined
  if (body !== null) {
    if (method === 'GET' || method === 'HEAD')
      throw new TypeError('Request with GET/HEAD method cannot have body.')
    if (!body.replayable && Boolean(members.keepalive))
      throw new TypeError('A request with keepalive cannot have a stream for its body.')
    if (body.contentType !== null && !headers.has('content-type'))
      headers.set('content-type', body.contentType)
  }
  const { redirect = 'follow', signal = null } = members
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') return undefined
  return { url, method, headers, body, redirect, signal: signal instanceof AbortSignal ? signal : null }
}

/** Members that change nothing here: there is no page, no cache and no cookie jar. */
function isOrdinary(init: InitMembers): boolean {
  const { mode, cache, referrer, referrerPolicy, integrity, window, duplex, signal, credentials } = init
  return (
    typeof init === 'object' &&
    (mode === undefined || mode === 'cors') &&
    (cache === undefined || cache === 'default') &&
    (referrer === undefined || referrer === '' || referrer === 'about:client') &&
    (referrerPolicy === undefined || referrerPolicy === '') &&
    (integrity === undefined || integrity === null || integrity === '') &&
    (window === undefined || window === null) &&
    (duplex === undefined || duplex === 'half') &&
    (signal === undefined || signal === null || signal instanceof AbortSignal) &&
    (credentials === undefined ||
      credentials === 'same-origin' ||
      credentials === 'include' ||
      credentials === 'omit')
  )
}

function parseUrl(input: string | URL): URL {
  try {
    return new URL(input)
  } catch {
    // Neither the text nor the parser's error, which holds it: a path of Discord's may be a secret.
    throw new TypeError(
      'Failed to parse URL: an absolute one is expected, such as https://discord.com/api/v10',
    )
  }
}

/** https://fetch.spec.whatwg.org/#concept-method-normalize: not PATCH, which is older than its own capitals. */
const NORMALISED = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])

/** https://fetch.spec.whatwg.org/#forbidden-method */
const FORBIDDEN = new Set(['CONNECT', 'TRACE', 'TRACK'])

function normalisedMethod(method: string): string {
  if (NORMALISED.has(method) || method === 'PATCH') return method
  if (!isToken(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`)
  const upper = method.toUpperCase()
  if (FORBIDDEN.has(upper)) throw new TypeError(`'${method}' HTTP method is unsupported.`)
  return NORMALISED.has(upper) ? upper : method
}

/** Undefined for a body that has to be read by undici. */
function readBody(body: unknown): RequestBody | null | undefined {
  if (body === undefined || body === null) return null
  if (typeof body !== 'string' && typeof body !== 'object') return undefined
  return requestBody(body)
}
