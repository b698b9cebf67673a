import type { ClientHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { errors, FormData, Response, type Dispatcher } from 'undici'

/** A body as a stream takes it. */
export interface RequestBody {
  readonly source: Uint8Array | AsyncIterable<unknown> | Iterable<unknown>
  /** Undefined: known when it ends. */
  readonly length: number | undefined
  /** What the body itself says it is. */
  readonly contentType?: string | null
}

/** Null for a request without one. Takes whatever undici's dispatchers take. */
export function requestBody({ body }: Pick<Dispatcher.DispatchOptions, 'body'>): RequestBody | null {
  const given: unknown = body
  if (given === null || given === undefined) return null
  if (typeof given === 'string') return bytes(Buffer.from(given))
  if (given instanceof Uint8Array) return bytes(given)
  if (given instanceof ArrayBuffer) return bytes(new Uint8Array(given))
  if (ArrayBuffer.isView(given))
    return bytes(new Uint8Array(given.buffer, given.byteOffset, given.byteLength))
  if (given instanceof FormData) {
    const encoded = new Response(given)
    const contentType = encoded.headers.get('content-type')
    return { source: encoded.body ?? [], length: undefined, contentType }
  }
  if (given instanceof Blob) return { source: given.stream(), length: given.size }
  if (isIterable(given)) return { source: given, length: undefined }
  throw new errors.InvalidArgumentError(
    'body must be a string, bytes, a stream, an iterable, a Blob or a FormData',
  )
}

function bytes(source: Uint8Array): RequestBody | null {
  return source.length === 0 ? null : { source, length: source.length }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  )
}

/**
 * Writes a body as fast as the server takes it. A stream that has closed meanwhile ends it: whoever was told of
 * that needs no second error.
 *
 * @throws whatever the source throws, and for a length that was promised and not kept
 */
export async function pumpBody(
  stream: ClientHttp2Stream,
  source: RequestBody['source'],
  length: number | undefined,
): Promise<void> {
  // Not Promise.race() with one promise for the close: it would hold on to every chunk until then.
  let onClose = (): void => undefined
  stream.once('close', () => onClose())
  const orClosed = <Value>(wait: Promise<Value> | Value): Promise<Value | undefined> =>
    new Promise((resolve, reject) => {
      onClose = () => resolve(undefined)
      Promise.resolve(wait).then(resolve, reject)
    })
  const chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let written = 0
  while (true) {
    const next = await orClosed(chunks.next())
    if (next === undefined || !stream.writable) {
      discardBody(source)
      await chunks.return?.()
      return
    }
    if (next.done === true) break
    const chunk = next.value
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      throw new TypeError('a body holds strings and bytes')
    }
    written += Buffer.byteLength(chunk)
    if (length !== undefined && written > length) throw new errors.RequestContentLengthMismatchError()
    if (stream.write(chunk) || stream.destroyed) continue
    await orClosed(new Promise<void>((resolve) => stream.once('drain', resolve)))
  }
  if (length !== undefined && written !== length) throw new errors.RequestContentLengthMismatchError()
  stream.end()
}

/** A body that will not be sent is ended, as undici ends it. */
export function discardBody(body: unknown): void {
  if (body instanceof Readable) body.destroy()
}
