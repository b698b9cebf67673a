import * as zlib from 'node:zlib'

interface ZlibHandle {
  close: () => void
}

/** Node's zlib streams as far as {@link SynchronousStream} uses them; none of this is documented. */
interface ZlibInternals {
  _handle: ZlibHandle | null
  _outBuffer: Buffer
  _processChunk(chunk: Buffer, flush: number): Buffer
  close: () => void
  on: (event: 'error', listener: () => void) => unknown
  reset(): void
}

function hasInternals(stream: unknown): stream is ZlibInternals & { readonly _handle: ZlibHandle } {
  return (
    typeof stream === 'object' &&
    stream !== null &&
    '_processChunk' in stream &&
    typeof stream._processChunk === 'function' &&
    '_outBuffer' in stream &&
    Buffer.isBuffer(stream._outBuffer) &&
    '_handle' in stream &&
    typeof stream._handle === 'object' &&
    stream._handle !== null &&
    'close' in stream._handle &&
    'reset' in stream
  )
}

function nothing(): void {
  // In the place of what `_processChunk` calls, and of a listener for the errors that it throws already.
}

/** Each result is used up before the next call, so one buffer serves every stream of the process. */
const OUTPUT_BYTES = 64 * 1024
let output: Buffer | undefined

/**
 * A zlib stream that is read in the same turn.
 *
 * Payloads must leave in the order in which they came, so each would wait for a round trip through the thread
 * pool if the stream's public side were used: two to eight times the CPU for a few hundred bytes. The
 * synchronous call is not documented, but npm's own tar reader (minizlib) stands on it on every Node.
 */
export class SynchronousStream {
  readonly #stream: ZlibInternals
  readonly #handle: ZlibHandle
  readonly #closeHandle: () => void

  private constructor(stream: ZlibInternals, handle: ZlibHandle) {
    this.#stream = stream
    this.#handle = handle
    this.#closeHandle = handle.close
    output ??= Buffer.allocUnsafeSlow(OUTPUT_BYTES)
    stream._outBuffer = output
    stream.on('error', nothing)
    // `_processChunk` adds a listener with each call, and ends by closing the context, which the next payload needs.
    stream.on = nothing
    handle.close = nothing
  }

  /** @returns undefined where this Node cannot do it */
  static create(
    creator: 'createInflateRaw' | 'createDeflateRaw' | 'createZstdDecompress',
    options: zlib.ZlibOptions,
  ): SynchronousStream | undefined {
    const create: unknown = Reflect.get(zlib, creator)
    if (typeof create !== 'function') return undefined
    const stream: unknown = Reflect.apply(create, undefined, [{ ...options, chunkSize: OUTPUT_BYTES }])
    return hasInternals(stream) ? new SynchronousStream(stream, stream._handle) : undefined
  }

  /**
   * @returns a view of memory that the next call, of whichever stream, overwrites
   * @throws Error where the data is damaged or too large: the stream is then useless
   */
  process(data: Buffer, flush: number): Buffer {
    const stream = this.#stream
    if (stream._handle === null) throw new Error('The compression context is closed')
    try {
      return stream._processChunk(data, flush)
    } finally {
      stream._handle = this.#handle
    }
  }

  /** All of a stream at one time, after which another can begin. */
  processWhole(data: Buffer): Buffer {
    const result = this.process(data, zlib.constants.Z_FINISH)
    this.#stream.reset()
    return result
  }

  close(): void {
    this.#handle.close = this.#closeHandle
    this.#stream.close()
  }
}
