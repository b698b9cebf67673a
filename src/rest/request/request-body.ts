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

/** Is told how far a body has come. */
export interface TransferObserver {
  /** This number of further bytes was handed to the connection, or came from it. */
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
  open(observer?: TransferObserver): Buffer | Readable
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
  if (init instanceof ReadableStream) return streamBody(sourceOf(init), null, maxFileBytes)
  if (isForm(init)) {
    checkFormFiles(init, maxFileBytes)
    const { pieces, length, contentType } = encodeMultipart(init)
    return piecesBody(pieces, length, contentType)
  }
  if (isAsyncIterable(init)) return iteratedBody(init, maxFileBytes)
  return textBody(init)
}

function iteratedBody(stream: AsyncIterable<unknown>, maxFileBytes: number): OutgoingBody {
  const length = fileLength(stream)
  const source = sourceOf(stream)
  try {
    checkFileSize(length ?? 0, maxFileBytes)
  } catch (error) {
    source.cancel(error)
    throw error
  }
  return streamBody(source, length, maxFileBytes)
}

/** https://fetch.spec.whatwg.org/#concept-bodyinit-extract copies; what the caller does later must not be sent. */
function fileOfBytes(bytes: Buffer, maxFileBytes: number): OutgoingBody {
  checkFileSize(bytes.byteLength, maxFileBytes)
  return bytesBody(bytes.byteLength > COPIED_BYTES ? bytes : Buffer.from(bytes), null)
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

function piecesBody(pieces: readonly BodyPiece[], length: number, contentType: string | null): OutgoingBody {
  const [only] = pieces
  if (pieces.length === 1 && only instanceof Uint8Array) return bytesBody(asBuffer(only), contentType)
  if (length === 0) return bytesBody(Buffer.alloc(0), contentType)
  // Blobs are read slice by slice: there is nothing to end.
  return chunkedBody(
    { contentType, length, replayable: true },
    () => chunksOf(pieces),
    () => undefined,
  )
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

  open(observer?: TransferObserver): Buffer | Readable {
    // TLS encrypts at once what it is given at once, and needs as much memory again.
    const whole = this.#bytes.byteLength <= CHUNK_BYTES && observer === undefined
    return whole ? this.#bytes : sentBy(chunksOf([this.#bytes]), observer)
  }

  cancel(): void {
    // Nothing is being read.
  }
}

/** A stream: it can be read once. */
export function streamBody(source: StreamSource, length: number | null, maxFileBytes: number): OutgoingBody {
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    let left = length ?? Infinity
    let allowed = maxFileBytes
    const dead = new DeadChunks()
    let chunk: Buffer | null
    while (left > 0 && (chunk = await source.read()) !== null) {
      // A file that grows while it is sent is sent as long as it was.
      const bytes = chunk.byteLength > left ? chunk.subarray(0, left) : chunk
      left -= bytes.byteLength
      allowed -= bytes.byteLength
      if (allowed < 0) throw streamTooLarge(maxFileBytes)
      dead.add(bytes.byteLength)
      yield bytes
    }
  }
  const known = { contentType: null, length, replayable: false }
  return chunkedBody(known, chunks, (reason) => source.cancel(reason))
}

/** A body that is read while it is sent. */
function chunkedBody(
  known: Pick<OutgoingBody, 'contentType' | 'length' | 'replayable'>,
  chunks: () => AsyncIterable<Buffer>,
  cancel: OutgoingBody['cancel'],
): OutgoingBody {
  const failing = async function* (): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* chunks()
    } catch (reason) {
      // Kept, since an errno of a file is not a failure of the route.
      body.failure = { reason }
      throw reason
    }
  }
  const body = {
    ...known,
    small: false,
    failure: undefined as OutgoingBody['failure'],
    open: (observer?: TransferObserver) => sentBy(failing(), observer),
    cancel,
  }
  return body
}

function sentBy(chunks: AsyncIterable<Buffer>, observer: TransferObserver | undefined): Readable {
  return readableOf(observer === undefined ? chunks : observed(chunks, observer))
}

async function* observed(
  chunks: AsyncIterable<Buffer>,
  observer: TransferObserver,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk
    observer.add(chunk.byteLength)
  }
  observer.finish()
}
