import { Readable } from 'node:stream'
import { DeadChunks } from './dead-chunks.js'

/** How much of a body is handed to the connection at a time. */
export const CHUNK_BYTES = 256 * 1024

/** How much of a Blob is read by one of its streams. */
const SLICE_BYTES = 4 * CHUNK_BYTES

/**
 * One chunk is being written, one waits in the stream before it, one is being filled; the fourth is the margin.
 * A connection is given a chunk only when it has written the one before.
 */
const RING_CHUNKS = 4

/** A piece of a body that can be read as often as need be. */
export type BodyPiece = Uint8Array | Blob

/**
 * The bytes of the pieces in chunks of {@link CHUNK_BYTES}. What is small is joined, so that a form of many
 * fields does not become many TLS records; a Blob is read piece by piece, so that one backed by a file
 * (`fs.openAsBlob`) is never in memory as a whole.
 *
 * A chunk is good until {@link RING_CHUNKS} - 1 more have been taken: its memory is then used again.
 */
export async function* chunksOf(pieces: readonly BodyPiece[]): AsyncGenerator<Buffer, void, undefined> {
  const ring: Buffer[] = []
  const dead = new DeadChunks()
  let turn = 0
  let filled = 0
  for (const piece of pieces) {
    for await (const bytes of bytesOf(piece)) {
      // What lies in memory already is sent from there.
      if (filled === 0 && piece instanceof Uint8Array && bytes.byteLength === CHUNK_BYTES) {
        yield asBuffer(bytes)
        continue
      }
      for (let offset = 0; offset < bytes.byteLength;) {
        const chunk = (ring[turn] ??= Buffer.allocUnsafeSlow(CHUNK_BYTES))
        const part = bytes.subarray(offset, offset + CHUNK_BYTES - filled)
        chunk.set(part, filled)
        offset += part.byteLength
        filled += part.byteLength
        if (filled < CHUNK_BYTES) continue
        filled = 0
        turn = (turn + 1) % RING_CHUNKS
        yield chunk
      }
      if (isReleasable(piece)) release(bytes.buffer)
      else if (piece instanceof Blob) dead.add(bytes.byteLength)
    }
  }
  const rest = ring[turn]
  if (filled > 0 && rest !== undefined) yield rest.subarray(0, filled)
}

async function* bytesOf(piece: BodyPiece): AsyncGenerator<Uint8Array, void, undefined> {
  if (piece instanceof Uint8Array) {
    for (let offset = 0; offset < piece.byteLength; offset += CHUNK_BYTES)
      yield piece.subarray(offset, offset + CHUNK_BYTES)
  } else if (piece instanceof Blob) {
    // The stream of a Blob that was made of a Buffer gives all of it as one chunk.
    if (isReleasable(piece)) for (const slice of slicesOf(piece, SLICE_BYTES)) yield* iterate(slice)
    // Twice as fast as its stream.
    else for (const slice of slicesOf(piece, CHUNK_BYTES)) yield new Uint8Array(await slice.arrayBuffer())
  } else {
    // Of the Blob of a package, only the stream is sure to be there.
    yield* iterate(piece)
  }
}

function* slicesOf(blob: Blob, bytes: number): Generator<Blob, void, undefined> {
  for (let offset = 0; offset < blob.size; offset += bytes) yield blob.slice(offset, offset + bytes)
}

function iterate(blob: Blob): AsyncIterable<Uint8Array> {
  return blob.stream()
}

/** Node 22 and later. */
const transfer: unknown = Reflect.get(ArrayBuffer.prototype, 'transfer')
const nativeStream: unknown = Reflect.get(Blob.prototype, 'stream')

/** Whether only this reader holds the chunks of the piece: the platform makes new ones for each reader of a Blob. */
function isReleasable(piece: BodyPiece): boolean {
  return (
    typeof transfer === 'function' && piece instanceof Blob && Reflect.get(piece, 'stream') === nativeStream
  )
}

/** Gives memory back without waiting for the collector. */
function release(memory: ArrayBufferLike): void {
  if (typeof transfer === 'function') Reflect.apply(transfer, memory, [0])
}

/** A Node stream of the chunks. undici reads it with back-pressure, and ends it together with its request. */
export function readableOf(chunks: AsyncIterable<Buffer>): Readable {
  const readable = Readable.from(chunks, { objectMode: true, highWaterMark: 1 })
  // The request reports the failure. A stream that was never sent has no other listener, and would end the process.
  return readable.on('error', () => undefined)
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: ArrayBufferView): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
