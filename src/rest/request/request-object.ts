import { Request as UndiciRequest } from 'undici'
import { bytesBody, StreamBody, type RequestBody } from './request-body.js'
import { readRequest, type FetchInit, type OutgoingRequest } from './request.js'
import { sourceOf, type StreamSource } from './stream-source.js'

/** How much of a Request's body is looked at, and for how long, to learn its length. */
const LOOK_BYTES = 1024 * 1024
const LOOK_MS = 20

/**
 * Reads the arguments of `fetch(request, init)`, the global Request or undici's
 * (https://fetch.spec.whatwg.org/#dom-request: each member of the init replaces the request's own).
 *
 * @returns undefined for what undici's fetch has to do; the body is then untouched
 * @throws TypeError for a request whose body was used
 */
export async function readRequestObject(
  request: Request | UndiciRequest,
  init: FetchInit | undefined,
): Promise<OutgoingRequest | undefined> {
  const { method, headers, redirect, signal, mode, cache, referrer, referrerPolicy, integrity, keepalive } =
    request
  const own = {
    method,
    headers,
    redirect,
    signal,
    mode,
    cache,
    referrer,
    referrerPolicy,
    integrity,
    keepalive,
  }
  const read = readRequest(request.url, { ...own, ...defined(init) })
  if (read === undefined) return undefined
  const outgoing = { ...read, source: request }
  if (outgoing.body !== null || request.body === null) return outgoing
  if (outgoing.method === 'GET' || outgoing.method === 'HEAD')
    throw new TypeError('Request with GET/HEAD method cannot have body.')
  // Takes the body away from the request at once, and refuses one that was used.
  const { body } = request instanceof UndiciRequest ? new UndiciRequest(request) : new Request(request)
  return body === null ? outgoing : { ...outgoing, body: await look(sourceOf(body)) }
}

function defined(init: FetchInit | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(init ?? {}).filter(([, value]) => value !== undefined))
}

/**
 * A Request shows its body as a stream only, whatever it was made from. A text or a small file is through in
 * no time: it then goes out with its length, and can follow a redirect.
 */
async function look(source: StreamSource): Promise<RequestBody> {
  const chunks: Buffer[] = []
  let size = 0
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, LOOK_MS, 'late')
  })
  try {
    while (size < LOOK_BYTES) {
      const read = source.read()
      const chunk = await Promise.race([read, late])
      if (chunk === null) return bytesBody(Buffer.concat(chunks, size), null)
      if (chunk === 'late') {
        read.catch(() => undefined)
        return new StreamBody(resumed(source, [...chunks, read]), null)
      }
      chunks.push(chunk)
      size += chunk.byteLength
    }
    return new StreamBody(resumed(source, chunks), null)
  } finally {
    clearTimeout(timer)
  }
}

/** The source as it was before it was looked at. */
function resumed(source: StreamSource, seen: (Buffer | Promise<Buffer | null>)[]): StreamSource {
  return {
    read: async () => (seen.length > 0 ? ((await seen.shift()) ?? null) : source.read()),
    cancel: (reason) => source.cancel(reason),
  }
}
