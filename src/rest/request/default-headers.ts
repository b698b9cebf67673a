import type { OutgoingRequest } from './request.js'

/** The headers of a request, and behind them what fetch adds, in the order in which Node's own adds it. */
export function requestHeaders({ headers, url, body }: OutgoingRequest): string[] {
  const flat = headers.flat()
  if (!headers.has('accept')) flat.push('accept', '*/*')
  if (!headers.has('accept-language')) flat.push('accept-language', '*')
  flat.push('sec-fetch-mode', 'cors')
  if (!headers.has('user-agent')) flat.push('user-agent', 'node')
  if (headers.has('range')) {
    // https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step 18: a range of coded bytes cannot be decoded.
    if (!headers.has('accept-encoding')) flat.push('accept-encoding', 'identity')
  } else if (!headers.has('accept-encoding')) {
    flat.push('accept-encoding', url.protocol === 'https:' ? 'br, gzip, deflate' : 'gzip, deflate')
  }
  const length = body?.length ?? null
  if (length !== null && !headers.has('content-length')) flat.push('content-length', String(length))
  return flat
}
