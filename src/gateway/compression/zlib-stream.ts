import { constants, inflateRawSync } from 'node:zlib'
import { CompressionWindow } from './compression-window.js'
import { tooLarge, type Decompressor } from './decompressor.js'
import { SynchronousStream } from './synchronous-zlib.js'

/** Ends each payload: an empty stored block, which is what Z_SYNC_FLUSH writes. */
const SUFFIX = 0x0000ffff
const SUFFIX_BYTES = 4
/** Messages from one heartbeat to the next beyond which a context is worth its memory. */
const BUSY_MESSAGES = 16
/** What comes to a quiet shard is mostly the acknowledgement of a heartbeat. */
const SMALL_BYTES = 128
const SMALL_OUTPUT_BYTES = 1024

interface BusyStream {
  readonly context: SynchronousStream
  readonly window: CompressionWindow
}

/** A quiet stream's window is only needed for the length of a call. */
let sharedWindow: CompressionWindow | undefined

/**
 * zlib-stream, at the price of what each shard really needs. All that later payloads can refer to is the last
 * 32 KiB of the output, and each payload ends on a byte boundary: so a context can be begun anew at any payload
 * with that window as its dictionary. A busy shard has a context. A quiet one, as most of many are at any time,
 * has nothing but its window, compressed: a tenth of the memory for some 50 µs with each payload.
 */
export class ZlibStream implements Decompressor {
  readonly #maxPayload: number
  #busy: BusyStream | undefined
  #packedWindow: Buffer = Buffer.alloc(0)
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
    const data = this.#begun ? whole : this.#withoutHeader(whole)
    this.#messages += 1
    return this.#busy === undefined ? this.#inflateQuietly(data) : this.#inflateBusily(data, this.#busy)
  }

  rest(): void {
    const quiet = this.#messages <= BUSY_MESSAGES
    this.#messages = 0
    if (!quiet || this.#busy === undefined) return
    this.#packedWindow = this.#busy.window.pack()
    this.#busy.context.close()
    this.#busy = undefined
  }

  close(): void {
    this.#parts = []
    this.#busy?.context.close()
    this.#busy = undefined
  }

  /** Discord may spread one payload over several messages; only the last of them ends in the suffix. */
  #whole(message: Buffer): Buffer | undefined {
    const complete =
      message.length >= SUFFIX_BYTES && message.readUInt32BE(message.length - SUFFIX_BYTES) === SUFFIX
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

  #inflateBusily(data: Buffer, { context, window }: BusyStream): string {
    const output = context.process(data, constants.Z_SYNC_FLUSH)
    window.append(output)
    return output.toString()
  }

  #inflateQuietly(data: Buffer): string {
    const window = (sharedWindow ??= new CompressionWindow())
    window.unpack(this.#packedWindow)
    const output = inflateRawSync(data, {
      ...this.#options(window),
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(data.length <= SMALL_BYTES ? { chunkSize: SMALL_OUTPUT_BYTES } : {}),
    })
    window.append(output)
    if (this.#messages <= BUSY_MESSAGES || !this.#becomeBusy(window)) this.#packedWindow = window.pack()
    return output.toString()
  }

  #becomeBusy(window: CompressionWindow): boolean {
    const context = SynchronousStream.create('createInflateRaw', this.#options(window))
    if (context === undefined) return false
    this.#busy = { context, window }
    this.#packedWindow = Buffer.alloc(0)
    // From now on it is this stream's own.
    sharedWindow = undefined
    return true
  }

  #options(window: CompressionWindow): { dictionary?: Buffer; maxOutputLength: number } {
    const dictionary = window.bytes()
    const maxOutputLength = this.#maxPayload
    return dictionary.length === 0 ? { maxOutputLength } : { dictionary, maxOutputLength }
  }
}
