import { ReadStream, statSync } from 'node:fs'

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
