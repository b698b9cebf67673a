import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { tooLarge, type Decompressor } from './decompressor.js'
import { SynchronousStream } from './synchronous-zlib.js'

/** Ends each payload: an empty stored block, which is what Z_SYNC_FLUSH writes. */
const SUFFIX = Buffer.from([0x00, 0x00, 0xff, 0xff])
/** How far back deflate may refer (RFC 1951 §2). */
const WINDOW_BYTES = 32 * 1024
/** Messages between two rests from which on a context is worth its memory. */
const BUSY_MESSAGES = 16
/** A smaller window is not worth packing. */
const PACKED_FROM_BYTES = 2 * 1024

/**
 * zlib-stream, at the price of what each shard really needs. All that later payloads can refer to is the last
 * 32 KiB of the output, and each payload ends on a byte boundary: so a context can be begun anew at any payload
 * with that window as its dictionary. A busy shard keeps its context; a quiet one keeps the window only, and
 * an idle one keeps it compressed.
 */
export class ZlibStream implements Decompressor {
  readonly #maxPayload: number
  #context: SynchronousStream | undefined
  readonly #window = new Window()
  #begun = false
  #messages = 0
  #parts: Buffer[] = []
  #partBytes = 0

  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload
  }

  decompress(message: Buffer): string | undefined {
    const whole = this.#whole(message)
    if (whole === undefined) return undefined
    const output = this.#inflate(this.#begun ? whole : this.#withoutHeader(whole))
    this.#window.append(output)
    return output.toString()
  }

  rest(): void {
    this.#context?.close()
    this.#context = undefined
    this.#messages = 0
    this.#window.pack()
  }

  close(): void {
    this.#parts = []
    this.#context?.close()
    this.#context = undefined
  }

  /** Discord may spread one payload over several messages; only the last of them ends in the suffix. */
  #whole(message: Buffer): Buffer | undefined {
    const complete = message.length >= SUFFIX.length && message.subarray(-SUFFIX.length).equals(SUFFIX)
    if (complete && this.#parts.length === 0) return message
    this.#parts.push(message)
    this.#partBytes += message.length
    if (this.#partBytes > this.#maxPayload) throw tooLarge(this.#maxPayload)
    if (!complete) return undefined
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.#partBytes = 0
    return whole
  }

  /** RFC 1950 §2.2: two bytes, deflate, a multiple of 31, no preset dictionary. */
  #withoutHeader(message: Buffer): Buffer {
    const header = message.length < 2 ? 0 : message.readUInt16BE(0)
    if (((header >> 8) & 0x0f) !== 8 || header % 31 !== 0 || (header & 0x20) !== 0)
      throw new Error('The stream does not begin as zlib does')
    this.#begun = true
    return message.subarray(2)
  }

  #inflate(data: Buffer): Buffer {
    this.#messages += 1
    if (this.#context === undefined && this.#messages > BUSY_MESSAGES)
      this.#context = SynchronousStream.create('createInflateRaw', this.#options())
    return (
      this.#context?.process(data, constants.Z_SYNC_FLUSH) ??
      inflateRawSync(data, { ...this.#options(), finishFlush: constants.Z_SYNC_FLUSH })
    )
  }

  #options(): { dictionary?: Buffer; maxOutputLength: number } {
    const dictionary = this.#window.bytes()
    const maxOutputLength = this.#maxPayload
    return dictionary.length === 0 ? { maxOutputLength } : { dictionary, maxOutputLength }
  }
}

/** The last 32 KiB of a stream's output. */
class Window {
  /** Up to twice the window, so that it has to be moved only now and then. */
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0
  #packed: Buffer | undefined

  bytes(): Buffer {
    this.#unpack()
    return this.#buffer.subarray(Math.max(0, this.#length - WINDOW_BYTES), this.#length)
  }

  append(output: Buffer): void {
    this.#unpack()
    const added = output.subarray(-WINDOW_BYTES)
    if (this.#length + added.length > this.#buffer.length) this.#makeRoom(added.length)
    added.copy(this.#buffer, this.#length)
    this.#length += added.length
  }

  pack(): void {
    if (this.#packed !== undefined) return
    const bytes = this.bytes()
    this.#packed = exactly(bytes.length < PACKED_FROM_BYTES ? bytes : deflateRawSync(bytes, { level: 1 }))
    this.#length = bytes.length
    this.#buffer = Buffer.alloc(0)
  }

  #unpack(): void {
    if (this.#packed === undefined) return
    this.#buffer = this.#length < PACKED_FROM_BYTES ? this.#packed : exactly(inflateRawSync(this.#packed))
    this.#packed = undefined
  }

  #makeRoom(more: number): void {
    const kept = Math.min(this.#length, WINDOW_BYTES)
    const from = this.#length - kept
    if (kept + more > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(2 * WINDOW_BYTES, 2 * (kept + more)))
      this.#buffer.copy(larger, 0, from, this.#length)
      this.#buffer = larger
    } else this.#buffer.copyWithin(0, from, this.#length)
    this.#length = kept
  }
}

/** A copy without the larger buffer of which zlib and Buffer's pool give a part. */
function exactly(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
