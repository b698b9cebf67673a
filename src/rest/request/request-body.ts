import type { Readable } from 'node:stream'
import { isAnyArrayBuffer } from 'node:util/types'
import {
  asBuffer,
  CHUNK_BYTES,
  chunksOf,
  readableOf,
  type BodyPiece,
} from '../../dispatcher/body/body-chunks.js'
import { DeadChunks } from '../../dispatcher/body/dead-chunks.js'
import { encodeMultipart, isForm } from '../../dispatcher/body/multipart.js'
import { checkFileSize, checkFormFiles, streamTooLarge } from './file-limit.js'
import { domString } from './request-headers.js'
import { fileLength, sourceOf, type StreamSource } from './stream-source.js'

/** Is told how far the sending of a body has come. */
export interface SendObserver {
  /** This number of further bytes was handed to the connection. */
  add(bytes: number): void
  /** All were. */
  finish(): void
}

/** The body of a request, ready to be sent. */
export interface OutgoingBody {
  /** The Content-Type that the standard gives this kind of body; null for none. */
  readonly contentType: string | null
  /** Null where it is known only at the end. */
  readonly length: number | null
  /** Whether it can be sent a second time. */
  readonly replayable: boolean
  /** So small that the time to its answer is not the time of an upload. */
  readonly small: boolean
  /** Why it could not be read to its end. */
  readonly failure: { readonly reason: unknown } | undefined
  /** Begins to send it. */
  open(observer?: SendObserver): Buffer | Readable
  /** The body is not needed any longer: ends the stream that it is read from. */
  cancel(reason: unknown): void
}

/** With more bytes than this, the time to an answer is the time of an upload. */
const SMALL_BYTES = 1024 * 1024

/** Above this a buffer is not copied: a caller's 500 MiB must not become 1 000. */
const COPIED_BYTES = 1024 * 1024

/**
 * https://fetch.spec.whatwg.org/#concept-bodyinit-extract; a Node stream and any other async iterable of
 * bytes are taken as well, as Node's fetch does. Anything else is sent as its text.
 *
 * @param maxFileBytes of each file: a part of a form, a Blob, bytes or a stream
 * @throws TypeError for a stream that is in use
 * @throws TransportError ERR_UPLOAD_TOO_LARGE
 */
export function encodeBody(init: unknown, maxFileBytes = Infinity): OutgoingBody {
  if (typeof init !== 'object' || init === null) return textBody(init)
  if (ArrayBuffer.isView(init)) return fileOfBytes(asBuffer(init), maxFileBytes)
  if (isAnyArrayBuffer(init)) return fileOfBytes(Buffer.from(init), maxFileBytes)
  if (init instanceof URLSearchParams)
    return bytesBody(Buffer.from(init.toString()), 'application/x-www-form-urlencoded;charset=UTF-8')
  if (isBlob(init)) {
    checkFileSize(init.size, maxFileBytes, 'name' in init ? String(init.name) : undefined)
    return piecesBody([init], init.size, init.type === '' ? null : init.type)
  }
  if (init instanceof ReadableStream) return new StreamBody(sourceOf(init), null, maxFileBytes)
  if (isForm(init)) {
    checkFormFiles(init, maxFileBytes)
    const { pieces, length, contentType } = encodeMultipart(init)
    return piecesBody(pieces, length, contentType)
  }
  if (isAsyncIterable(init)) return streamBody(init, maxFileBytes)
  return textBody(init)
}

function streamBody(stream: AsyncIterable<unknown>, maxFileBytes: number): OutgoingBody {
  const length = fileLength(stream)
  const source = sourceOf(stream)
  try {
    checkFileSize(length ?? 0, maxFileBytes)
  } catch (error) {
    source.cancel(error)
    throw error
  }
  return new StreamBody(source, length, maxFileBytes)
}

function fileOfBytes(bytes: Buffer, maxFileBytes: number): OutgoingBody {
  checkFileSize(bytes.byteLength, maxFileBytes)
  return bytesBody(ownBytes(bytes), null)
}

function textBody(value: unknown): OutgoingBody {
  return bytesBody(Buffer.from(domString(value)), 'text/plain;charset=UTF-8')
}

/** The global Blob, or one of a package that follows the standard. */
function isBlob(value: object): value is Blob {
  if (value instanceof Blob) return true
  const tag: unknown = Symbol.toStringTag in value ? value[Symbol.toStringTag] : undefined
  return (tag === 'Blob' || tag === 'File') && 'stream' in value && 'size' in value && 'type' in value
}

/** A body of bytes that are not changed any more. */
export function bytesBody(bytes: Buffer, contentType: string | null): OutgoingBody {
  return new BufferBody(bytes, contentType)
}

/** https://fetch.spec.whatwg.org/#concept-bodyinit-extract copies; what the caller does later must not be sent. */
function ownBytes(bytes: Buffer): Buffer {
  return bytes.byteLength > COPIED_BYTES ? bytes : Buffer.from(bytes)
}

function piecesBody(pieces: readonly BodyPiece[], length: number, contentType: string | null): OutgoingBody {
  const [only] = pieces
  return pieces.length === 1 && only instanceof Uint8Array
    ? bytesBody(asBuffer(only), contentType)
    : new PiecesBody(pieces, length, contentType)
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value && typeof value[Symbol.asyncIterator] === 'function'
}

class BufferBody implements OutgoingBody {
  readonly failure = undefined
  readonly contentType: string | null
  readonly replayable = true
  readonly #bytes: Buffer

  constructor(bytes: Buffer, contentType: string | null) {
    this.#bytes = bytes
    this.contentType = contentType
  }

  get length(): number {
    return this.#bytes.byteLength
  }

  get small(): boolean {
    return this.#bytes.byteLength <= SMALL_BYTES
  }

  open(observer?: SendObserver): Buffer | Readable {
    // TLS encrypts at once what it is given at once, and needs as much memory again.
    const whole = this.#bytes.byteLength <= CHUNK_BYTES && observer === undefined
    return whole ? this.#bytes : sentBy(chunksOf([this.#bytes]), observer)
  }

  cancel(): void {
    // Nothing is being read.
  }
}

class PiecesBody implements OutgoingBody {
  failure: OutgoingBody['failure']
  readonly contentType: string | null
  readonly length: number
  readonly replayable = true
  readonly small = false
  readonly #pieces: readonly BodyPiece[]

  constructor(pieces: readonly BodyPiece[], length: number, contentType: string | null) {
    this.#pieces = pieces
    this.length = length
    this.contentType = contentType
  }

  open(observer?: SendObserver): Buffer | Readable {
    return this.length === 0 ? Buffer.alloc(0) : sentBy(failing(chunksOf(this.#pieces), this), observer)
  }

  cancel(): void {
    // Blobs are read slice by slice: there is nothing to end.
  }
}

/** A stream: it can be read once. */
export class StreamBody implements OutgoingBody {
  failure: OutgoingBody['failure']
  readonly contentType = null
  readonly length: number | null
  readonly replayable = false
  readonly small = false
  readonly #source: StreamSource
  readonly #maxFileBytes: number

  constructor(source: StreamSource, length: number | null, maxFileBytes: number) {
    this.#source = source
    this.length = length
    this.#maxFileBytes = maxFileBytes
  }

  open(observer?: SendObserver): Readable {
    return sentBy(failing(this.#chunks(), this), observer)
  }

  cancel(reason: unknown): void {
    this.#source.cancel(reason)
  }

  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    let left = this.length ?? Infinity
    let allowed = this.#maxFileBytes
    const dead = new DeadChunks()
    let chunk: Buffer | null
    while (left > 0 && (chunk = await this.#source.read()) !== null) {
      // A file that grows while it is sent is sent as long as it was.
      const bytes = chunk.byteLength > left ? chunk.subarray(0, left) : chunk
      left -= bytes.byteLength
      allowed -= bytes.byteLength
      if (allowed < 0) throw streamTooLarge(this.#maxFileBytes)
      dead.add(bytes.byteLength)
      yield bytes
    }
  }
}

function sentBy(chunks: AsyncIterable<Buffer>, observer: SendObserver | undefined): Readable {
  return readableOf(observer === undefined ? chunks : observed(chunks, observer))
}

/** Keeps the reason of a failure: an errno of a file is not a failure of the route. */
async function* failing(
  chunks: AsyncIterable<Buffer>,
  body: { failure: OutgoingBody['failure'] },
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* chunks
  } catch (reason) {
    body.failure = { reason }
    throw reason
  }
}

async function* observed(
  chunks: AsyncIterable<Buffer>,
  observer: SendObserver,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk
    observer.add(chunk.byteLength)
  }
  observer.finish()
}
