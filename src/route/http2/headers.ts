import type { OutgoingHttpHeaders } from 'node:http2'
import { errors, type Dispatcher } from 'undici'
import type { RequestBody } from './body.js'

/** RFC 9113 §8.2.2: they belong to one connection of HTTP/1.1. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Methods whose request may go without a body and says so. RFC 9110 §8.6 */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** Header fields as HTTP/2 wants them; completes a body's length where it was promised in a header. */
export function requestHeaders(
  { method, path, query, headers }: Dispatcher.DispatchOptions,
  origin: URL,
  body: RequestBody | null,
): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {
    ':method': method,
    ':path': withQuery(path, query),
    ':scheme': origin.protocol.slice(0, -1),
    ':authority': origin.host,
  }
  for (const [given, value] of pairs(headers)) {
    const name = given.toLowerCase()
    if (OF_THE_CONNECTION.has(name)) continue
    if (name === 'host') fields[':authority'] = value
    else {
      const before = fields[name]
      fields[name] = before === undefined ? value : [before, value].flat().map(String)
    }
  }
  if (typeof body?.contentType === 'string') fields['content-type'] ??= body.contentType
  if (body?.length !== undefined) {
    const promised = fields['content-length']
    if (promised !== undefined && Number(promised) !== body.length) {
      throw new errors.RequestContentLengthMismatchError()
    }
    fields['content-length'] = body.length
  } else if (body === null && EXPECTS_BODY.has(method)) fields['content-length'] = 0
  return fields
}

/** undici takes an object, a flat array or pairs. */
function* pairs(headers: Dispatcher.DispatchOptions['headers']): Generator<[string, string | string[]]> {
  if (headers === null || headers === undefined) return
  if (Array.isArray(headers)) {
    for (let at = 0; at + 1 < headers.length; at += 2) yield [String(headers[at]), String(headers[at + 1])]
    return
  }
  const entries: Iterable<readonly [string, string | string[] | undefined]> =
    Symbol.iterator in headers ? headers : Object.entries(headers)
  for (const [name, value] of entries) if (value !== undefined) yield [name, value]
}

function withQuery(path: string, query: Dispatcher.DispatchOptions['query']): string {
  if (query === undefined) return path
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) parameters.append(name, String(one))
  }
  return `${path}${path.includes('?') ? '&' : '?'}${parameters.toString()}`
}
