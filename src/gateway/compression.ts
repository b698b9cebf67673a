import * as zlib from 'node:zlib'

/** https://discord.com/developers/docs/events/gateway#transport-compression */
export type GatewayCompression = 'zstd-stream' | 'zlib-stream' | 'none'

/** One connection's compression context. */
export interface Decompressor {
  /**
   * The text of a payload, or undefined where the message is only its beginning.
   *
   * @throws Error where the stream is damaged, or the payload larger than the limit: the context is then useless
   */
  decompress(message: Buffer): string | undefined
  close(): void
}

/** Ends each payload of zlib-stream: an empty stored block, which is what Z_SYNC_FLUSH writes. */
const ZLIB_SUFFIX = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** ZSTD_e_flush; the type definitions of Node 20 do not list it. */
const ZSTD_FLUSH = 1

/** Node's streams as this file uses them. `_processChunk` and `_handle` are not documented: see {@link isSynchronous}. */
interface SynchronousZlib {
  _handle: { close: () => void } | null
  close: () => void
  _processChunk(chunk: Buffer, flush: number): Buffer
  on(event: 'error', listener: () => void): unknown
  removeAllListeners(event: 'error'): unknown
}

/**
 * Payloads must leave in the order in which they came, so each would wait for a round trip through the thread
 * pool if the stream's public side were used: two to eight times the CPU for a few hundred bytes. The
 * synchronous call is not documented, but npm's own tar reader (minizlib) stands on it on every Node. Where it
 * is missing there is no compression.
 */
function isSynchronous(stream: unknown): stream is SynchronousZlib {
  return (
    typeof stream === 'object' &&
    stream !== null &&
    '_processChunk' in stream &&
    typeof stream._processChunk === 'function' &&
    '_handle' in stream &&
    typeof stream._handle === 'object' &&
    stream._handle !== null &&
    'close' in stream._handle
  )
}

function nothing(): void {
  // Takes the place of close() for the length of a call.
}

class StreamDecompressor implements Decompressor {
  readonly #stream: SynchronousZlib
  readonly #flush: number
  readonly #suffix: Buffer | undefined
  readonly #maxPayload: number
  #parts: Buffer[] = []
  #partBytes = 0

  constructor(stream: SynchronousZlib, flush: number, suffix: Buffer | undefined, maxPayload: number) {
    this.#stream = stream
    this.#flush = flush
    this.#suffix = suffix
    this.#maxPayload = maxPayload
  }

  decompress(message: Buffer): string | undefined {
    const whole = this.#whole(message)
    return whole === undefined ? undefined : this.#inflate(whole).toString()
  }

  close(): void {
    this.#parts = []
    this.#stream.close()
  }

  /** zlib-stream may spread one payload over several messages; only the last of them ends in the suffix. */
  #whole(message: Buffer): Buffer | undefined {
    const suffix = this.#suffix
    if (suffix === undefined) return message
    const complete = message.length >= suffix.length && message.subarray(-suffix.length).equals(suffix)
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

  #inflate(data: Buffer): Buffer {
    const stream = this.#stream
    const handle = stream._handle
    if (handle === null) throw new Error('The compression context is closed')
    // `_processChunk` ends by closing the context, which the next payload still needs.
    const { close: closeHandle } = handle
    const { close: closeStream } = stream
    handle.close = nothing
    stream.close = nothing
    try {
      return stream._processChunk(data, this.#flush)
    } finally {
      handle.close = closeHandle
      stream.close = closeStream
      stream._handle = handle
      // Each call leaves a listener behind; one has to stay, or an error event would be thrown.
      stream.removeAllListeners('error')
      stream.on('error', nothing)
    }
  }
}

export function tooLarge(maxPayload: number): RangeError {
  return new RangeError(`A payload is larger than maxPayload, ${maxPayload} bytes`)
}

type Settings = Record<string, unknown>

/** Undefined where this Node cannot do it. */
function createStream(name: string, settings: Settings): SynchronousZlib | undefined {
  const create: unknown = Reflect.get(zlib, name)
  if (typeof create !== 'function') return undefined
  const stream: unknown = Reflect.apply(create, undefined, [settings])
  if (!isSynchronous(stream)) return undefined
  stream.on('error', nothing)
  return stream
}

const CREATORS = { 'zstd-stream': 'createZstdDecompress', 'zlib-stream': 'createInflate' } as const

/** zstd from Node 22.15 on. */
export function isSupported(compression: GatewayCompression): boolean {
  if (compression === 'none') return true
  const stream = createStream(CREATORS[compression], {})
  stream?.close()
  return stream !== undefined
}

/** The best of what this Node can do. */
export function bestCompression(): GatewayCompression {
  if (isSupported('zstd-stream')) return 'zstd-stream'
  return isSupported('zlib-stream') ? 'zlib-stream' : 'none'
}

/** @returns undefined for `none` */
export function createDecompressor(
  compression: GatewayCompression,
  maxPayload: number,
): Decompressor | undefined {
  if (compression === 'none') return undefined
  const stream = createStream(CREATORS[compression], { maxOutputLength: maxPayload })
  if (stream === undefined) throw new Error(`${compression} is not supported by this version of Node`)
  return compression === 'zlib-stream'
    ? new StreamDecompressor(stream, zlib.constants.Z_SYNC_FLUSH, ZLIB_SUFFIX, maxPayload)
    : new StreamDecompressor(stream, ZSTD_FLUSH, undefined, maxPayload)
}
