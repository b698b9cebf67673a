import { storedContent, generatedContent, type CdnContent } from './cdn-content.js'
import { HttpHost, type HttpHostOptions } from './http-host.js'
import { jsonReply, type HttpReply } from './http-reply.js'
import type { RecordedFile, RecordedRequest } from './recorded-request.js'
import { snowflake } from './snowflake.js'

export const CDN_HOST = 'cdn.discordapp.com'
export const MEDIA_HOST = 'media.discordapp.net'

/** What a message says of a file. */
export interface Attachment {
  readonly id: string
  readonly filename: string
  readonly size: number
  readonly url: string
  readonly proxy_url: string
  readonly content_type: string
  readonly description?: string
}

interface CdnObject {
  readonly content: CdnContent | undefined
  readonly size: number
  readonly contentType: string
  readonly etag: string
}

/** RFC 9110, 14.1.2; one range only. Undefined: none asked for; null: not satisfiable. */
function parseRange(
  header: string | undefined,
  size: number,
): [start: number, end: number] | null | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  return start < end ? [start, end] : null
}

/** cdn.discordapp.com and media.discordapp.net: the files of messages, and whatever a test puts here. */
export class Cdn extends HttpHost {
  readonly #objects: Map<string, CdnObject>

  constructor(options: Omit<HttpHostOptions, 'name' | 'route'>) {
    const objects = new Map<string, CdnObject>()
    super({ ...options, name: 'cdn', route: (request) => serve(request, objects.get(request.path)) })
    this.#objects = objects
  }

  /** Serve these bytes. Returns the https URL at cdn.discordapp.com. */
  put(path: string, bytes: Buffer | string, contentType = 'application/octet-stream'): string {
    return this.#add(path, storedContent(Buffer.from(bytes)), contentType)
  }

  /** Serve `size` bytes that are made while they are sent; `content.sha256` says what they hash to. */
  putGenerated(
    path: string,
    {
      size,
      seed,
      contentType = 'application/octet-stream',
    }: { size: number; seed?: string; contentType?: string },
  ): { readonly url: string; readonly content: CdnContent } {
    const content = generatedContent(size, seed)
    return { url: this.#add(path, content, contentType), content }
  }

  remove(path: string): boolean {
    return this.#objects.delete(new URL(path, `https://${CDN_HOST}`).pathname)
  }

  /** The file of a message. One too large to have been kept is known here, and answered with 410. */
  attach(
    channelId: string,
    file: Pick<RecordedFile, 'filename' | 'contentType' | 'size' | 'sha256' | 'bytes'>,
    { filename = file.filename, description }: { filename?: string; description?: string } = {},
  ): Attachment {
    const id = snowflake()
    // What Discord does to names: nothing outside of this set survives in the URL.
    const safeName = filename.replace(/[^\w.-]/g, '_') || 'unknown'
    const path = `/attachments/${channelId}/${id}/${safeName}`
    const content = file.bytes && storedContent(file.bytes)
    const { size, sha256, contentType } = file
    this.#objects.set(path, { content, size, contentType, etag: `"${sha256}"` })
    // Signed as Discord's are: expiry, issue and a MAC, which this CDN does not check.
    const issued = Math.floor(Date.now() / 1000)
    const signature = `ex=${(issued + 86_400).toString(16)}&is=${issued.toString(16)}&hm=${sha256}&`
    return {
      id,
      filename: safeName,
      size,
      url: `https://${CDN_HOST}${path}?${signature}`,
      proxy_url: `https://${MEDIA_HOST}${path}?${signature}`,
      content_type: contentType,
      ...(description === undefined ? {} : { description }),
    }
  }

  #add(path: string, content: CdnContent, contentType: string): string {
    const { pathname, href } = new URL(path, `https://${CDN_HOST}`)
    const etag = `"${snowflake()}"`
    this.#objects.set(pathname, { content, size: content.size, contentType, etag })
    return href
  }
}

function serve(request: RecordedRequest, object: CdnObject | undefined): HttpReply {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, headers: { allow: 'GET, HEAD' } }
  }
  if (!object) return { status: 404, body: Buffer.from('This content is no longer available.') }
  const { content, size, contentType, etag } = object
  if (!content) return jsonReply(410, { message: `only size and hash of these ${size} bytes were kept` })
  const headers = { 'content-type': contentType, etag, 'accept-ranges': 'bytes', 'cache-control': 'public' }
  if (request.headers['if-none-match'] === etag) return { status: 304, headers }
  const range = parseRange(request.headers.range, size)
  if (range === null) return { status: 416, headers: { 'content-range': `bytes */${size}` } }
  const [start, end] = range ?? [0, size]
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'content-length': String(end - start),
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
    },
    body: content.read(start, end),
  }
}
