import { pipeline, Readable, type Duplex } from 'node:stream'
import * as zlib from 'node:zlib'
import type { BodySource } from './response-body.js'

/** undici's limit, against answers that are made to burn memory (as curl's, CVE-2022-32206). */
const MAX_CODINGS = 5

/** A complete body of up to this size is decoded synchronously: without a stream it takes a tenth of the time. */
const SYNC_BYTES = 64 * 1024
/** Larger results are decoded as a stream. */
const SYNC_OUTPUT_BYTES = 1024 * 1024

/** RFC 9110 §8.4.1: how one coding is undone. */
interface Coding {
  decode(bytes: Buffer): Buffer
  /** @param first its first bytes */
  stream(first: Buffer): Duplex
}

/**
 * The codings of a Content-Encoding header, outermost first. One that is not known leaves the body as it
 * is, as in every fetch.
 */
function codingsOf(header: string): readonly Coding[] {
  const names = header.toLowerCase().split(',')
  if (names.length > MAX_CODINGS)
    throw new Error(
      `too many content-encodings in response: ${names.length}, maximum allowed is ${MAX_CODINGS}`,
    )
  const codings: Coding[] = []
  for (const name of names.reverse()) {
    const coding = CODINGS.get(name.trim())
    if (coding === undefined) return []
    codings.push(coding)
  }
  return codings
}

/**
 * The body behind a Content-Encoding.
 *
 * @throws Error for more than five codings
 */
export function decodedBody(body: BodySource, encoding: string | undefined): BodySource {
  if (encoding === undefined) return body
  const codings = codingsOf(encoding)
  return codings.length === 0 ? body : new DecodedBody(body, codings)
}

/**
 * The decoded bytes of a body. A body that ends too early is an error: Node's fetch hands out the first part of a
 * file as if it were the whole.
 */
class DecodedBody implements BodySource {
  readonly #source: BodySource
  readonly #codings: readonly Coding[]
  #iterator: AsyncIterator<Buffer, undefined> | undefined
  /** The failure of the source itself, which is not wrapped. */
  #broken: { readonly reason: unknown } | undefined
  #ready: Buffer | undefined

  constructor(source: BodySource, codings: readonly Coding[]) {
    this.#source = source
    this.#codings = codings
  }

  ready(): Buffer | undefined {
    const bytes = this.#source.ready()
    if (bytes === undefined || bytes.byteLength > SYNC_BYTES) return undefined
    if (bytes.byteLength === 0) return bytes
    try {
      this.#ready ??= this.#codings.reduce((coded, coding) => coding.decode(coded), bytes)
      return this.#ready
    } catch {
      // Too large for this way, or broken: the stream will tell.
      return undefined
    }
  }

  async next(): Promise<Buffer | null> {
    try {
      this.#iterator ??= await this.#start()
      const result = await this.#iterator.next()
      return result.done === true ? null : result.value
    } catch (error) {
      if (this.#broken !== undefined) throw this.#broken.reason
      this.#source.cancel(error)
      throw new TypeError('terminated', { cause: error })
    }
  }

  cancel(reason?: unknown): void {
    this.#source.cancel(reason)
    void this.#iterator?.return?.().catch(() => undefined)
  }

  heldBy(holder: object | undefined): void {
    this.#source.heldBy(holder)
  }

  async #start(): Promise<AsyncIterator<Buffer, undefined>> {
    let chunks: AsyncIterator<Buffer, undefined> = this.#chunks()
    for (const coding of this.#codings) {
      const first = await chunks.next()
      // An empty body is not a broken archive: some servers announce gzip and then send nothing.
      if (first.done === true) break
      const decoder = coding.stream(first.value)
      pipeline(Readable.from(continued(first.value, chunks)), decoder, () => undefined)
      chunks = decoder[Symbol.asyncIterator]()
    }
    return chunks
  }

  async *#chunks(): AsyncGenerator<Buffer, undefined, undefined> {
    let chunk: Buffer | null
    while ((chunk = await this.#read()) !== null) yield chunk
  }

  /** The `try` must not hold a `yield`: `Readable.from` throws the decoder's error into the generator. */
  async #read(): Promise<Buffer | null> {
    try {
      return await this.#source.next()
    } catch (reason) {
      this.#broken = { reason }
      throw new Error('the source is broken', { cause: reason })
    }
  }
}

async function* continued(
  first: Buffer,
  rest: AsyncIterator<Buffer, undefined>,
): AsyncGenerator<Buffer, undefined, undefined> {
  yield first
  return yield* { [Symbol.asyncIterator]: () => rest }
}

const LIMIT = { maxOutputLength: SYNC_OUTPUT_BYTES }

/** Decoded bytes are passed on at once: a server may flush an event and keep the stream open. */
const ZLIB = { flush: zlib.constants.Z_SYNC_FLUSH }

const gzip: Coding = {
  decode: (bytes) => zlib.gunzipSync(bytes, LIMIT),
  stream: () => zlib.createGunzip(ZLIB),
}

const deflate: Coding = {
  decode: (bytes) => (isZlib(bytes) ? zlib.inflateSync(bytes, LIMIT) : zlib.inflateRawSync(bytes, LIMIT)),
  stream: (first) => (isZlib(first) ? zlib.createInflate(ZLIB) : zlib.createInflateRaw(ZLIB)),
}

const brotli: Coding = {
  decode: (bytes) => zlib.brotliDecompressSync(bytes, LIMIT),
  stream: () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
}

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', brotli],
  ...zstandard(),
])

/** Node 22.15, 23.8 and later. */
function zstandard(): [string, Coding][] {
  const decode: unknown = Reflect.get(zlib, 'zstdDecompressSync')
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress')
  if (typeof decode !== 'function' || typeof create !== 'function') return []
  return [
    [
      'zstd',
      {
        decode: (bytes) => Reflect.apply(decode, zlib, [bytes, LIMIT]) as Buffer,
        stream: () => Reflect.apply(create, zlib, []) as Duplex,
      },
    ],
  ]
}

/** RFC 9110 §8.4.1.2: "deflate" is zlib's format, but some servers send the bare stream. CM is 8 in zlib's. */
function isZlib(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 0x08
}
