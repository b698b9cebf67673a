import { Request as UndiciRequest, type RequestInit as UndiciRequestInit } from 'undici'
import { bytesBody, encodeBody, streamBody, type OutgoingBody } from './request-body.js'
import { checkFileSize } from './file-limit.js'
import { domString, isToken, readHeaders, type RequestHeaders } from './request-headers.js'
import { sourceOf, type StreamSource } from './stream-source.js'

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

/** A request in one form, however the arguments of fetch wrote it. */
export interface OutgoingRequest {
  readonly url: URL
  readonly method: string
  readonly headers: RequestHeaders
  readonly body: OutgoingBody | null
  readonly redirect: 'follow' | 'manual' | 'error'
  readonly signal: AbortSignal | null
  /** Members that only undici's fetch implements; undefined if there are none. */
  readonly browserMembers: BrowserMembers | undefined
  /** The Request that was handed in: its signal follows the caller's only as long as it lives. */
  readonly source: object | undefined
}

/** A body before it is encoded, and the request that it is for. */
export interface GivenBody {
  readonly url: URL
  readonly method: string
  readonly headers: RequestHeaders
  /** The `headers` of the init as they were handed in. */
  readonly givenHeaders: unknown
  readonly body: unknown
}

/** What happens to a body on the way. */
export interface BodyReading {
  /** What is sent in place of a body; undefined for the body itself. Default: every body itself. */
  readonly replaceBody?: ((given: GivenBody) => unknown) | undefined
  /** Bytes of the largest file. Default: no limit. */
  readonly maxFileBytes?: number | undefined
}

/** The members of a RequestInit; any of them may be anything. */
type InitMembers = Readonly<Partial<Record<keyof RequestInit | keyof UndiciRequestInit, unknown>>>

/**
 * Reads the arguments of fetch as the Request constructor does (https://fetch.spec.whatwg.org/#dom-request).
 *
 * @returns a promise only for a Request with a body
 * @throws TypeError as the Request constructor does
 * @throws TransportError ERR_UPLOAD_TOO_LARGE
 */
export function readRequest(
  input: FetchInput,
  init: FetchInit = {},
  reading: BodyReading = {},
): OutgoingRequest | Promise<OutgoingRequest> {
  if (typeof init !== 'object') throw new TypeError('The second argument of fetch must be an object')
  if (!(input instanceof Request || input instanceof UndiciRequest))
    return readMembers(input, init, undefined, reading)
  const request = readMembers(input.url, { ...membersOf(input), ...defined(init) }, input, reading)
  if (request.body !== null || input.body === null) return request
  refuseBody(request.method)
  // Takes the body away from the Request at once, and refuses one that was used.
  const { body } = input instanceof UndiciRequest ? new UndiciRequest(input) : new Request(input)
  return body === null
    ? request
    : shortBody(sourceOf(body), reading.maxFileBytes).then((read) => ({ ...request, body: read }))
}

function readMembers(
  input: string | URL,
  members: InitMembers,
  source: object | undefined,
  { replaceBody, maxFileBytes }: BodyReading,
): OutgoingRequest {
  const url = parseUrl(input)
  if (url.username !== '' || url.password !== '')
    throw new TypeError('Request cannot be constructed from a URL that includes credentials')
  const method = members.method === undefined ? 'GET' : normalisedMethod(domString(members.method))
  const headers = readHeaders(members.headers)
  // The URL says which host, and there is only one mode.
  headers.delete('host')
  headers.delete('sec-fetch-mode')
  const { body: given, redirect = 'follow', signal = null } = members
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error')
    throw new TypeError("redirect must be 'follow', 'manual' or 'error'")
  if (signal !== null && !(signal instanceof AbortSignal))
    throw new TypeError('signal must be an AbortSignal')
  let body: OutgoingBody | null = null
  if (given !== undefined && given !== null) {
    refuseBody(method)
    const replaced = replaceBody?.({ url, method, headers, givenHeaders: members.headers, body: given })
    body = encodeBody(replaced ?? given, maxFileBytes)
    if (!body.replayable && Boolean(members.keepalive))
      throw new TypeError('A request with keepalive cannot have a stream for its body.')
    if (body.contentType !== null && !headers.has('content-type'))
      headers.set('content-type', body.contentType)
  }
  return {
    url,
    method,
    headers,
    body,
    redirect,
    signal,
    browserMembers: browserMembers(url, members),
    source,
  }
}

/** The members of a Request that the same members of an init replace. */
function membersOf(request: Request | UndiciRequest): InitMembers {
  const { method, headers, redirect, signal, mode, cache, referrer, referrerPolicy, integrity, keepalive } =
    request
  return { method, headers, redirect, signal, mode, cache, referrer, referrerPolicy, integrity, keepalive }
}

function defined(init: FetchInit): Record<string, unknown> {
  return Object.fromEntries(Object.entries(init).filter(([, value]) => value !== undefined))
}

function refuseBody(method: string): void {
  if (method === 'GET' || method === 'HEAD')
    throw new TypeError('Request with GET/HEAD method cannot have body.')
}

/** What undici's fetch is asked to do; any of it may be anything. */
export type BrowserMembers = Pick<
  InitMembers,
  'mode' | 'cache' | 'referrer' | 'referrerPolicy' | 'integrity' | 'window' | 'credentials' | 'keepalive'
>

const CREDENTIALS: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'include', 'omit'])

/** Undefined where they change nothing: a transport has neither a page nor a cache nor cookies. */
function browserMembers({ protocol }: URL, init: InitMembers): BrowserMembers | undefined {
  const { mode, cache, referrer, referrerPolicy, integrity, window, credentials, keepalive } = init
  const ordinary =
    (protocol === 'https:' || protocol === 'http:') &&
    (mode === undefined || mode === 'cors') &&
    (cache === undefined || cache === 'default') &&
    (referrer === undefined || referrer === '' || referrer === 'about:client') &&
    (referrerPolicy === undefined || referrerPolicy === '') &&
    (integrity === undefined || integrity === null || integrity === '') &&
    (window === undefined || window === null) &&
    CREDENTIALS.has(credentials)
  if (ordinary) return undefined
  return { mode, cache, referrer, referrerPolicy, integrity, window, credentials, keepalive }
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

/** How much of a Request's body is read ahead, and for how long, to learn its length. */
const AHEAD_BYTES = 1024 * 1024
const AHEAD_MS = 20

/**
 * A Request shows its body as a stream only, whatever it was made from. The bytes of a text or a small file are all
 * there after a few turns: such a body is then sent with its length, and can be sent a second time.
 */
async function shortBody(source: StreamSource, maxFileBytes = Infinity): Promise<OutgoingBody> {
  const chunks: Buffer[] = []
  let size = 0
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, AHEAD_MS, 'late')
  })
  try {
    while (size < AHEAD_BYTES) {
      const read = source.read()
      const chunk = await Promise.race([read, late])
      if (chunk === null) {
        checkFileSize(size, maxFileBytes)
        return bytesBody(Buffer.concat(chunks, size), null)
      }
      if (chunk === 'late') {
        read.catch(() => undefined)
        return streamBody(resumed(source, [...chunks, read]), null, maxFileBytes)
      }
      chunks.push(chunk)
      size += chunk.byteLength
    }
    return streamBody(resumed(source, chunks), null, maxFileBytes)
  } finally {
    clearTimeout(timer)
  }
}

/** The source with the bytes that were read ahead put back. */
function resumed(source: StreamSource, ahead: (Buffer | Promise<Buffer | null>)[]): StreamSource {
  return {
    read: async () => (ahead.length > 0 ? ((await ahead.shift()) ?? null) : source.read()),
    cancel: (reason) => source.cancel(reason),
  }
}
