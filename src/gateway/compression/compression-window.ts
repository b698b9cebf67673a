import { SynchronousStream } from './synchronous-zlib.js'

/** How far back deflate may refer (RFC 1951 §2). */
const WINDOW_BYTES = 32 * 1024

/**
 * One of each for all shards: a compressor of its own would take and give back a quarter of a mebibyte for each
 * window. These settings make it small; what they cost in ratio is little for 32 KiB.
 */
const PACKER = { level: 1, windowBits: 13, memLevel: 5 }
let packer: SynchronousStream | undefined
let unpacker: SynchronousStream | undefined

/** The last 32 KiB of a stream's output: all that its next payload can refer to. */
export class CompressionWindow {
  /** Twice the window, so that it has to be moved only now and then. */
  readonly #buffer = Buffer.allocUnsafeSlow(2 * WINDOW_BYTES)
  #length = 0

  bytes(): Buffer {
    return this.#buffer.subarray(Math.max(0, this.#length - WINDOW_BYTES), this.#length)
  }

  append(output: Buffer): void {
    const added = output.length > WINDOW_BYTES ? output.subarray(-WINDOW_BYTES) : output
    if (this.#length + added.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#length - WINDOW_BYTES, this.#length)
      this.#length = WINDOW_BYTES
    }
    added.copy(this.#buffer, this.#length)
    this.#length += added.length
  }

  /** Compressed, in a buffer of just that size. */
  pack(): Buffer {
    packer ??= SynchronousStream.create('createDeflateRaw', PACKER)
    const bytes = packer?.processWhole(this.bytes()) ?? this.bytes()
    const packed = Buffer.allocUnsafeSlow(bytes.length)
    bytes.copy(packed)
    return packed
  }

  /** Becomes what was packed. */
  unpack(packed: Buffer): void {
    unpacker ??= SynchronousStream.create('createInflateRaw', {})
    this.#length = 0
    if (packed.length > 0) this.append(unpacker?.processWhole(packed) ?? packed)
  }
}
