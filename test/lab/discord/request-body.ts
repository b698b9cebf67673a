import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { BoundedBytes } from './bounded-bytes.js'
import { readMultipart } from './multipart.js'
import type { RecordedFile } from './recorded-request.js'

export interface BodyLimits {
  /** Files up to this size keep their bytes; larger ones leave their size and hash. */
  readonly keepFileBytes: number
  /** Bodies up to this size keep their raw bytes. */
  readonly keepRawBytes: number
}

export interface RequestBody {
  readonly rawBody: Buffer | undefined
  readonly bodySize: number
  readonly json: unknown
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly RecordedFile[]
  /** Why the body could not be understood; the request is then answered with 400. */
  readonly problem: BodyProblem | undefined
}

export type BodyProblem = 'invalid-json' | 'invalid-multipart' | 'unsupported-content-type'

interface Parsed {
  readonly json?: unknown
  readonly fields?: Readonly<Record<string, string>>
  readonly files?: readonly RecordedFile[]
  readonly problem?: BodyProblem
}

function parseJson(text: string): Parsed {
  try {
    const json: unknown = JSON.parse(text)
    return { json }
  } catch {
    return { problem: 'invalid-json' }
  }
}

/** The client went away in the middle of its body. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted'
}

/** Reads a whole body, keeping no more of it than the limits allow. Rejects only if the client gave up. */
export async function readBody(
  stream: Readable & { readonly aborted: boolean },
  headers: IncomingHttpHeaders,
  limits: BodyLimits,
): Promise<RequestBody> {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  // A JSON body is parsed from what is kept, so all of it is, however large.
  const kept = new BoundedBytes(type === 'multipart/form-data' ? limits.keepRawBytes : Infinity)

  async function* arriving(): AsyncGenerator<Buffer, undefined> {
    try {
      // Left alone when the parser gives up: destroying a request would close the connection before the 400.
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
        if (!Buffer.isBuffer(chunk)) throw new TypeError('a body without an encoding is made of buffers')
        kept.add(chunk)
        yield chunk
      }
    } catch (error) {
      throw new RequestAborted('the body ended early', { cause: error })
    }
    // HTTP/2's compatibility layer ends the stream of an aborted request instead of failing it.
    if (stream.aborted) throw new RequestAborted('the body ended early')
  }

  const parse = async (): Promise<Parsed> => {
    if (type === 'multipart/form-data') {
      const { fields, files } = await readMultipart(arriving(), headers, limits.keepFileBytes)
      const { payload_json: payload, ...rest } = fields
      return { ...(payload === undefined ? {} : parseJson(payload)), fields: rest, files }
    }
    const chunks = arriving()
    while ((await chunks.next()).done !== true);
    const text = kept.bytes?.toString() ?? ''
    if (text === '') return {}
    return type === 'application/json' ? parseJson(text) : { problem: 'unsupported-content-type' }
  }

  const parsed = await parse().catch((error: unknown): Parsed => {
    if (error instanceof RequestAborted) throw error
    return { problem: 'invalid-multipart' }
  })
  stream.resume()
  return {
    rawBody: kept.bytes,
    bodySize: kept.size,
    json: parsed.json,
    fields: parsed.fields ?? {},
    files: parsed.files ?? [],
    problem: parsed.problem,
  }
}
