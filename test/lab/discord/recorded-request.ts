import type { IncomingHttpHeaders } from 'node:http'

/** A file of a multipart upload. */
export interface RecordedFile {
  /** The part's name, for example `files[0]`. */
  readonly field: string
  readonly filename: string
  readonly contentType: string
  readonly size: number
  readonly sha256: string
  /** The content, up to the limit of what is kept; undefined for a larger one. */
  readonly bytes: Buffer | undefined
}

/** A request as it arrived. */
export interface RecordedRequest {
  readonly method: string
  /** As sent, without the query: `/api/v10/users/@me`. */
  readonly path: string
  /** The path below the API's root, the same with and without a version: `/users/@me`. */
  readonly route: string
  readonly query: URLSearchParams
  /** The Host header or HTTP/2's :authority. */
  readonly host: string
  readonly httpVersion: string
  /** Every header that arrived, names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Milliseconds since the epoch when the head had arrived. */
  readonly at: number
  readonly connectionId: number
  /** Its place among the requests of its connection, counted from 1. */
  readonly numberOnConnection: number
  /** The whole body has arrived. False while it arrives, and for ever if the client gave up. */
  readonly complete: boolean
  /** The client went away before the answer was sent. */
  readonly aborted: boolean
  readonly bodySize: number
  /** The body as it came over the wire; undefined for one too large to keep. */
  readonly rawBody: Buffer | undefined
  /** The JSON body, or the `payload_json` of a multipart body. */
  readonly json: unknown
  /** Text fields of a multipart body, `payload_json` left out. */
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly RecordedFile[]
  /** What was answered; undefined until then. */
  readonly status: number | undefined
}

/**
 * Which requests are meant: `'POST /channels/:id/messages'` (a segment that starts with a colon, or `*`,
 * is any segment; the method may be left out), an expression for `METHOD /route`, or a function.
 */
export type RequestMatch = string | RegExp | ((request: RecordedRequest) => boolean)

const compiled = new Map<string, RegExp>()

function compile(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) return known
  const [, method, path = ''] = /^(?:([A-Z]+) +)?(.*)$/.exec(pattern) ?? []
  const segments = path.split('/').map((segment) => {
    if (segment === '*' || segment.startsWith(':')) return '[^/]+'
    return segment === '**' ? '.*' : segment.replace(/[\^$.*+?()[\]{}|\\]/g, '\\$&')
  })
  const expression = new RegExp(`^${method ?? '[A-Z]+'} ${segments.join('/')}$`)
  compiled.set(pattern, expression)
  return expression
}

export function matches(match: RequestMatch, request: RecordedRequest): boolean {
  if (typeof match === 'function') return match(request)
  const expression = typeof match === 'string' ? compile(match) : match
  return expression.test(`${request.method} ${request.route}`)
}

/** `/api/v10/users/@me` and `/api/users/@me` are the same route `/users/@me`. */
export function routeOf(path: string): string {
  return path.replace(/^\/api(?:\/v\d+)?(?=\/|$)/, '') || '/'
}
