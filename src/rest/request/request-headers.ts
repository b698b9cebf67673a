import { configError } from '../../errors.js'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** https://fetch.spec.whatwg.org/#concept-header-value: no NUL, no line break, nothing beyond one byte. */
const NOT_A_VALUE = /[\0\r\n]|[^\0-\xff]/

/** Whether a method or a header may have this name. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/**
 * The headers of one request: each name once, in the order and spelling in which it first came, values of
 * the same name joined. What a `Headers` object does, without its sorting and without the cost.
 */
export class RequestHeaders {
  readonly #entries = new Map<string, [name: string, value: string]>()

  /** @throws TypeError for what no header can be named or hold; the value is not repeated, it may be a token */
  append(name: string, value: string): void {
    if (!TOKEN.test(name)) throw new TypeError(`Invalid header name: ${JSON.stringify(name)}`)
    const lower = name.toLowerCase()
    const trimmed = normalised(value)
    if (NOT_A_VALUE.test(trimmed)) throw new TypeError(`Invalid value of the header ${lower}`)
    if (lower === 'proxy-authorization') throw refusedProxyCredentials()
    const known = this.#entries.get(lower)
    if (known === undefined) this.#entries.set(lower, [name, trimmed])
    else known[1] += (lower === 'cookie' ? '; ' : ', ') + trimmed
  }

  /** For names in lower case and values that need no check. */
  set(name: string, value: string): void {
    this.#entries.set(name, [name, value])
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  get(name: string): string | undefined {
    return this.#entries.get(name)?.[1]
  }

  delete(name: string): void {
    this.#entries.delete(name)
  }

  /** A copy without these names. */
  without(names: readonly string[]): RequestHeaders {
    const copy = new RequestHeaders()
    for (const [lower, [name, value]] of this.#entries)
      if (!names.includes(lower)) copy.#entries.set(lower, [name, value])
    return copy
  }

  pairs(): [name: string, value: string][] {
    return [...this.#entries.values()]
  }

  /** Names and values in turn, as undici takes them. */
  flat(): string[] {
    const flat: string[] = []
    for (const entry of this.#entries.values()) flat.push(entry[0], entry[1])
    return flat
  }
}

/**
 * Reads any HeadersInit: a record, pairs, a Headers object of whichever fetch.
 *
 * @throws TypeError as the Headers constructor does
 * @throws TransportError ERR_PROXY_CONFIG for a Proxy-Authorization
 */
export function readHeaders(init: unknown): RequestHeaders {
  const headers = new RequestHeaders()
  if (init === undefined) return headers
  if (typeof init !== 'object' || init === null)
    throw new TypeError('headers must be an object, a Headers object or a list of pairs')
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<unknown>) {
      const [name, value, ...rest] = isIterable(pair) ? [...pair] : []
      if (value === undefined || rest.length > 0)
        throw new TypeError('Each header must be a pair: name, value')
      headers.append(domString(name), domString(value))
    }
    return headers
  }
  for (const name of Object.keys(init)) headers.append(name, domString(Reflect.get(init, name)))
  return headers
}

/** The headers of a request as undici takes them, and behind them what Node's fetch adds, in its order. */
export function headerList({
  headers,
  url,
  body,
}: {
  readonly headers: RequestHeaders
  readonly url: URL
  readonly body: { readonly length: number | null } | null
}): string[] {
  const list = headers.flat()
  if (!headers.has('accept')) list.push('accept', '*/*')
  if (!headers.has('accept-language')) list.push('accept-language', '*')
  list.push('sec-fetch-mode', 'cors')
  if (!headers.has('user-agent')) list.push('user-agent', 'node')
  if (!headers.has('accept-encoding')) list.push('accept-encoding', codingsFor(headers, url))
  const length = body?.length ?? null
  if (length !== null && !headers.has('content-length')) list.push('content-length', String(length))
  return list
}

function codingsFor(headers: RequestHeaders, { protocol }: URL): string {
  // https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step 18: a part of coded bytes cannot be decoded.
  if (headers.has('range')) return 'identity'
  return protocol === 'https:' ? 'br, gzip, deflate' : 'gzip, deflate'
}

/** Proxy-Authorization is for the proxy; inside the tunnel it would reach the destination. */
function refusedProxyCredentials(): Error {
  return configError(
    'headers',
    'Proxy-Authorization must not be sent to a destination',
    'Put the credentials into the proxy URL, or give the option proxyAuthorization.',
  )
}

/** https://fetch.spec.whatwg.org/#concept-header-value-normalize: only these four, unlike trim(). */
function normalised(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isWhiteSpace(value.charCodeAt(start))) start += 1
  while (end > start && isWhiteSpace(value.charCodeAt(end - 1))) end -= 1
  return value.slice(start, end)
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** https://webidl.spec.whatwg.org/#js-DOMString: a Symbol is a TypeError, anything else has a text. */
export function domString(value: unknown): string {
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string')
  return String(value)
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}
