import { constants, createDeflate, deflateSync } from 'node:zlib'
import * as zlib from 'node:zlib'
import { Transform } from 'node:stream'

/** https://discord.com/developers/docs/events/gateway#encoding-and-compression */
export type Compression = 'none' | 'payload' | 'zlib-stream' | 'zstd-stream'

/** Turns the payloads of one connection into WebSocket messages, in order. */
export interface Encoder {
  encode(payload: string, deliver: (message: string | Buffer) => void): void
  /** Runs `done` when all that was encoded so far has been delivered. */
  flush(done: () => void): void
  close(): void
}

interface FlushableTransform extends Transform {
  flush(kind: number, callback: () => void): void
}

function isFlushable(stream: unknown): stream is FlushableTransform {
  return stream instanceof Transform && 'flush' in stream && typeof stream.flush === 'function'
}

const plain: Encoder = {
  encode: (payload, deliver) => deliver(payload),
  flush: (done) => done(),
  close: () => undefined,
}

/** Identify's `compress: true`: each payload is a zlib stream of its own. */
const eachPayload: Encoder = { ...plain, encode: (payload, deliver) => deliver(deflateSync(payload)) }

/** One context for the whole connection; each payload ends with a flush, so that it can be read at once. */
class StreamEncoder implements Encoder {
  readonly #stream: FlushableTransform
  readonly #flushKind: number
  readonly #queue: (() => void)[] = []
  #chunks: Buffer[] = []
  #busy = false
  #closed = false

  constructor(stream: FlushableTransform, flushKind: number) {
    this.#stream = stream
    this.#flushKind = flushKind
    stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    stream.on('error', () => undefined)
  }

  encode(payload: string, deliver: (message: Buffer) => void): void {
    this.#enqueue(() => {
      this.#stream.write(payload)
      this.#stream.flush(this.#flushKind, () => {
        const message = Buffer.concat(this.#chunks)
        this.#chunks = []
        if (!this.#closed) deliver(message)
        this.#next()
      })
    })
  }

  flush(done: () => void): void {
    this.#enqueue(() => {
      done()
      this.#next()
    })
  }

  close(): void {
    this.#closed = true
    this.#queue.length = 0
    this.#stream.destroy()
  }

  // One payload at a time: the output of the next must not be counted to the one before.
  #enqueue(work: () => void): void {
    this.#queue.push(work)
    if (!this.#busy) this.#next()
  }

  #next(): void {
    const work = this.#queue.shift()
    this.#busy = work !== undefined
    work?.()
  }
}

/** Undefined where this Node has no zstd: before 22.15. */
function createZstdEncoder(): Encoder | undefined {
  const create: unknown = Reflect.get(zlib, 'createZstdCompress')
  if (typeof create !== 'function') return undefined
  const stream: unknown = Reflect.apply(create, undefined, [])
  // ZSTD_e_flush, which the constants of older type definitions do not list.
  return isFlushable(stream) ? new StreamEncoder(stream, 1) : undefined
}

export function createEncoder(compression: Compression): Encoder | undefined {
  switch (compression) {
    case 'none':
      return plain
    case 'payload':
      return eachPayload
    case 'zlib-stream': {
      const stream: unknown = createDeflate()
      return isFlushable(stream) ? new StreamEncoder(stream, constants.Z_SYNC_FLUSH) : undefined
    }
    case 'zstd-stream':
      return createZstdEncoder()
  }
}
