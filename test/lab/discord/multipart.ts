import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import { BoundedBytes } from './bounded-bytes.js'
import type { RecordedFile } from './recorded-request.js'

export interface MultipartBody {
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly RecordedFile[]
}

/** What a Discord message may need in its payload_json; far above any real one. */
const FIELD_LIMIT = 8 * 1024 * 1024

/** Hashes a file as it arrives and keeps its bytes only up to `keepBytes`. */
function receiveFile(
  stream: Readable,
  part: Pick<RecordedFile, 'field' | 'filename' | 'contentType'>,
  keepBytes: number,
): Promise<RecordedFile> {
  const hash = createHash('sha256')
  const kept = new BoundedBytes(keepBytes)
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      kept.add(chunk)
    })
    stream.once('error', reject)
    stream.once('end', () => {
      resolve({ ...part, size: kept.size, sha256: hash.digest('hex'), bytes: kept.bytes })
    })
  })
}

/**
 * Parses multipart/form-data (RFC 7578) while it arrives. Rejects if the body does not keep its own promise:
 * no boundary, a malformed part, an end before the closing boundary.
 */
export async function readMultipart(
  chunks: AsyncIterable<Buffer>,
  headers: IncomingHttpHeaders,
  keepBytes: number,
): Promise<MultipartBody> {
  // Browsers and undici send file names as raw UTF-8, which busboy takes for latin1 unless told.
  const parser = busboy({ headers, defParamCharset: 'utf8', limits: { fieldSize: FIELD_LIMIT } })
  const fields: Record<string, string> = {}
  const files: Promise<RecordedFile>[] = []
  parser.on('field', (name, value) => {
    fields[name] = value
  })
  parser.on('file', (field, stream, { filename, mimeType }) => {
    const file = receiveFile(stream, { field, filename: filename ?? '', contentType: mimeType }, keepBytes)
    file.catch(() => undefined)
    files.push(file)
  })
  const finished = once(parser, 'close')
  finished.catch(() => undefined)
  for await (const chunk of chunks) {
    if (!parser.write(chunk)) await Promise.race([once(parser, 'drain'), finished])
  }
  parser.end()
  await finished
  return { fields, files: await Promise.all(files) }
}
