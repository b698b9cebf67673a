import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { CannedAnswer } from './interceptors.js'

/** What a route answers. */
export interface HttpReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A stream says its length in its own Content-Length header. */
  readonly body?: Buffer | Iterable<Buffer> | undefined
}

export const NO_CONTENT: HttpReply = { status: 204 }

export function jsonReply(
  status: number,
  json: unknown,
  headers?: Readonly<Record<string, string>>,
): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(json)),
  }
}

/** The route's own reply with what the test wants instead. */
export function cannedReply(answer: CannedAnswer, base: HttpReply | undefined): HttpReply {
  const status = answer.status ?? base?.status ?? 200
  if (answer.json !== undefined)
    return jsonReply(status, answer.json, { ...base?.headers, ...answer.headers })
  const body = answer.body === undefined ? base?.body : Buffer.from(answer.body)
  return { status, headers: { ...base?.headers, ...answer.headers }, body }
}

function* slices(body: Buffer, size: number): Generator<Buffer> {
  for (let offset = 0; offset < body.length; offset += size) yield body.subarray(offset, offset + size)
}

function* upTo(limit: number, body: Iterable<Buffer>): Generator<Buffer> {
  let left = limit
  for (const chunk of body) {
    if (left <= 0) return
    yield chunk.subarray(0, left)
    left -= chunk.length
  }
}

/**
 * Sends a reply, whole or as badly as `manner` says. Resolves when it was handed to the connection, or when
 * the client has gone. `destroy` ends the connection beneath.
 */
export async function sendReply(
  response: ServerResponse | Http2ServerResponse,
  { status, headers, body }: HttpReply,
  manner: Pick<CannedAnswer, 'cut' | 'reset' | 'trickle'>,
  { head, signal, destroy }: { head: boolean; signal: AbortSignal; destroy: (reset: boolean) => void },
): Promise<void> {
  const { cut, reset = false, trickle } = manner
  if (cut === 'before-headers') {
    destroy(reset)
    return
  }
  const length = Buffer.isBuffer(body) && status !== 204 ? { 'content-length': String(body.length) } : {}
  response.writeHead(status, { ...length, ...headers })
  if (head || body === undefined) {
    response.end()
    return
  }
  if (Buffer.isBuffer(body) && !cut && !trickle) {
    response.end(body)
    return
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const pieces = Buffer.isBuffer(body) ? slices(body, trickle?.bytes ?? 64 * 1024) : body
  for (const piece of cut ? upTo(cut.afterBytes, pieces) : pieces) {
    await written(response, piece, gone.signal)
    if (gone.signal.aborted) return
    if (trickle) await delay(trickle.everyMs, undefined, { signal })
  }
  if (cut) destroy(reset)
  else response.end()
}

/** Resolves when the piece has left, which a cut must wait for, or when the client has. */
function written(response: Writable, piece: Buffer, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      gone.removeEventListener('abort', done)
      resolve()
    }
    gone.addEventListener('abort', done)
    response.write(piece, done)
  })
}
