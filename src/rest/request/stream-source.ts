import { ReadStream, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { isAnyArrayBuffer } from 'node:util/types'
import { asBuffer } from '../../dispatcher/body/body-chunks.js'

/** What a streamed body is read from: one reader, once. */
export interface StreamSource {
  /** The next bytes; null at the end. */
  read(): Promise<Buffer | null>
  /** No more will be read. */
  cancel(reason: unknown): void
}

/** @throws TypeError for a stream that is locked or has been read */
export function sourceOf(stream: ReadableStream<unknown> | AsyncIterable<unknown, undefined>): StreamSource {
  return stream instanceof ReadableStream ? webSource(stream) : iteratedSource(stream)
}

function webSource(stream: ReadableStream<unknown>): StreamSource {
  // Node has no other public way to see that a web stream was read and released.
  new Response(stream as ReadableStream<Uint8Array>)
  const reader = stream.getReader()
  return {
    read: async () => {
      const { done, value } = await reader.read()
      return done ? null : bytesOf(value)
    },
    // It may be broken already; the request has its own error then.
    cancel: (reason) => void reader.cancel(reason).catch(() => undefined),
  }
}

function iteratedSource(stream: AsyncIterable<unknown, undefined>): StreamSource {
  if (stream instanceof Readable && Readable.isDisturbed(stream))
    throw new TypeError('The body is a stream that has been read already')
  // It may fail before it is read, and the iterator listens from its first read on only.
  if (stream instanceof Readable) stream.on('error', () => undefined)
  const iterator = stream[Symbol.asyncIterator]()
  return {
    read: async () => {
      const result = await iterator.next()
      return result.done === true ? null : bytesOf(result.value)
    },
    cancel: () => {
      // The iterator of a Node stream would only return when the read that is under way has ended.
      if (stream instanceof Readable) stream.destroy()
      else void iterator.return?.().catch(() => undefined)
    },
  }
}

/** Node streams with an encoding give strings. */
function bytesOf(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (ArrayBuffer.isView(chunk)) return asBuffer(chunk)
  if (isAnyArrayBuffer(chunk)) return Buffer.from(chunk)
  throw new TypeError('The body is a stream of something else than bytes')
}

/**
 * How many bytes `fs.createReadStream` is going to give, where that can be known: Discord's upload URLs and
 * many a proxy want a Content-Length.
 */
export function fileLength(stream: object): number | null {
  if (!(stream instanceof ReadStream) || typeof stream.path !== 'string') return null
  const start = numberOf(stream, 'start') ?? 0
  const end = numberOf(stream, 'end') ?? Infinity
  try {
    const file = statSync(stream.path)
    return file.isFile() ? Math.max(0, Math.min(end + 1, file.size) - start) : null
  } catch {
    // The stream itself will say what is wrong with the file.
    return null
  }
}

function numberOf(stream: ReadStream, key: 'start' | 'end'): number | undefined {
  const value: unknown = Reflect.get(stream, key)
  return typeof value === 'number' ? value : undefined
}
