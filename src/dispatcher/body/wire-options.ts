import type { Dispatcher } from 'undici'
import { chunksOf, readableOf } from './body-chunks.js'
import { encodeMultipart, isForm, type Form } from './multipart.js'

type Options = Dispatcher.DispatchOptions
type Pair = readonly [name: string, value: string]

const CONTENT_LENGTH = 'content-length'

/** The options of a request as the installed undici can send them. */
export function wireOptions(options: Options): Options {
  const body: unknown = options.body
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return options
  return isForm(body) ? withEncodedForm(options, body) : withOneContentLength(options)
}

/**
 * undici encodes only its own FormData, and fails with `action is not a function` for that of Node or of another
 * undici. So every form is encoded here, and its files are read while they are sent.
 */
function withEncodedForm(options: Options, form: Form): Options {
  const { contentType, pieces, length } = encodeMultipart(form)
  const given = pairsOf(options.headers).filter(([name]) => !isContentLength(name))
  const typed = given.some(([name]) => name.toLowerCase() === 'content-type')
  const added: readonly Pair[] = [
    ...(typed ? [] : [['content-type', contentType] as const]),
    [CONTENT_LENGTH, String(length)],
  ]
  return { ...options, body: readableOf(chunksOf(pieces)), headers: [...given, ...added].flat() }
}

/**
 * The fetch of Node 20 and 22 joins its own Content-Length with that of its caller, as "15, 15", and undici 7 refuses
 * that. RFC 9110 §8.6 lets a recipient replace such a list of equal values by one of them.
 */
function withOneContentLength(options: Options): Options {
  const pairs = pairsOf(options.headers)
  if (!pairs.some(([name, value]) => isContentLength(name) && value.includes(','))) return options
  const headers = pairs.map(([name, value]): Pair => [name, isContentLength(name) ? single(value) : value])
  return { ...options, headers: headers.flat() }
}

function single(list: string): string {
  const [first = '', ...others] = list.split(',').map((value) => value.trim())
  return others.every((value) => value === first) ? first : list
}

function isContentLength(name: string): boolean {
  return name.length === CONTENT_LENGTH.length && name.toLowerCase() === CONTENT_LENGTH
}

/** The headers in any of the shapes that undici takes: a flat list, pairs, or an object. */
export function pairsOf(headers: Options['headers']): readonly Pair[] {
  if (headers === null || headers === undefined) return []
  if (Array.isArray(headers))
    return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? ''] as const] : []))
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return entries.flatMap(([name, value]): readonly Pair[] => {
    if (value === undefined) return []
    return (Array.isArray(value) ? value : [value]).map((one): Pair => [name, one])
  })
}
