import { inflateRawSync } from 'node:zlib'
import type { Decompressor } from './decompressor.js'
import { SynchronousStream } from './synchronous-zlib.js'
import { ZlibStream } from './zlib-stream.js'

/** https://discord.com/developers/docs/events/gateway#transport-compression */
export type GatewayCompression = 'zstd-stream' | 'zlib-stream' | 'none'

/**
 * Beyond this number of shards memory counts for more than what zstd saves over zlib: its context cannot be put aside
 * while a shard is idle, and takes a third of what the connection itself does.
 */
const MOST_ZSTD_SHARDS = 16

/** ZSTD_e_flush; the type definitions of Node 20 do not list it. */
const ZSTD_FLUSH = 1

/** zstd-stream: each message is a payload. */
class ZstdStream implements Decompressor {
  readonly #stream: SynchronousStream

  constructor(stream: SynchronousStream) {
    this.#stream = stream
  }

  decompress(message: Buffer): string {
    return this.#stream.process(message, ZSTD_FLUSH).toString()
  }

  rest(): void {
    // A context in the middle of its frame cannot be put aside.
  }

  close(): void {
    this.#stream.close()
  }
}

/** A text, and the raw deflate of the same text by a compressor that has it as its dictionary: one reference. */
const DICTIONARY = Buffer.from('the window of a stream')
const REFERENCE = Buffer.from('K8EqCgA=', 'base64')
let dictionaryWorks: boolean | undefined

/** Deno 2.9 passes over the dictionary of raw deflate, which holds the window of a `zlib-stream`. */
function hasDictionary(): boolean {
  if (dictionaryWorks !== undefined) return dictionaryWorks
  try {
    dictionaryWorks = inflateRawSync(REFERENCE, { dictionary: DICTIONARY }).equals(DICTIONARY)
  } catch {
    dictionaryWorks = false
  }
  return dictionaryWorks
}

/** zstd from Node 22.15 on. */
export function isSupported(compression: GatewayCompression): boolean {
  if (compression === 'none') return true
  if (compression === 'zlib-stream') return hasDictionary()
  const stream = SynchronousStream.create('createZstdDecompress', {})
  stream?.close()
  return stream !== undefined
}

/** The best of what this runtime can do for this number of shards. */
export function bestCompression(shards: number): GatewayCompression {
  const wanted = ['zlib-stream', 'zstd-stream'] as const
  const inOrder = shards <= MOST_ZSTD_SHARDS ? wanted.toReversed() : wanted
  return inOrder.find(isSupported) ?? 'none'
}

/** @returns undefined for `none` */
export function createDecompressor(
  compression: GatewayCompression,
  maxPayload: number,
): Decompressor | undefined {
  switch (compression) {
    case 'none':
      return undefined
    case 'zlib-stream':
      return new ZlibStream(maxPayload)
    case 'zstd-stream': {
      const stream = SynchronousStream.create('createZstdDecompress', { maxOutputLength: maxPayload })
      if (stream === undefined) throw new Error('zstd-stream is not supported by this version of Node')
      return new ZstdStream(stream)
    }
  }
}
