/** How much of a body is in memory at a time beside what the caller holds. */
export const CHUNK_BYTES = 256 * 1024

/** A piece of a body that can be read as often as need be. */
export type BodyPiece = Uint8Array | Blob

/**
 * The bytes of the pieces in chunks of about {@link CHUNK_BYTES}: a Blob is read in slices, so that one
 * backed by a file (`fs.openAsBlob`) is never in memory as a whole, and what is small is joined, so that a
 * form of many fields does not become many TLS records.
 */
export async function* chunksOf(pieces: readonly BodyPiece[]): AsyncGenerator<Buffer, void, undefined> {
  let joined: Buffer[] = []
  let size = 0
  for (const piece of pieces) {
    for await (const chunk of slicesOf(piece)) {
      joined.push(chunk)
      size += chunk.byteLength
      if (size < CHUNK_BYTES / 2) continue
      const whole = joined.length === 1 ? chunk : Buffer.concat(joined, size)
      joined = []
      size = 0
      yield whole
    }
  }
  if (size > 0) yield Buffer.concat(joined, size)
}

async function* slicesOf(piece: BodyPiece): AsyncGenerator<Buffer, void, undefined> {
  if (piece instanceof Uint8Array) {
    for (let offset = 0; offset < piece.byteLength; offset += CHUNK_BYTES)
      yield asBuffer(piece.subarray(offset, offset + CHUNK_BYTES))
  } else if (piece instanceof Blob) {
    for (let offset = 0; offset < piece.size; offset += CHUNK_BYTES)
      yield Buffer.from(await piece.slice(offset, offset + CHUNK_BYTES).arrayBuffer())
  } else {
    // A Blob of a package of its own: only its stream is sure to be there.
    for await (const chunk of iterate(piece)) yield asBuffer(chunk)
  }
}

function iterate(blob: Blob): AsyncIterable<Uint8Array> {
  return blob.stream()
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: ArrayBufferView): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
