import { matches, type RecordedRequest, type RequestMatch } from './recorded-request.js'

/** An answer in place of the route's own, or what is to happen to that one. */
export interface CannedAnswer {
  /** Default 200, or with `apply` the route's own. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: string | Buffer
  /** The route does its work first; its answer is sent unless the fields above replace parts of it. */
  readonly apply?: boolean
  /** Wait this long before the head of the answer. */
  readonly delayMs?: number
  /** Never answer; the connection stays open. */
  readonly stall?: boolean
  /** Destroy the connection in place of an answer, or after so many bytes of its body. */
  readonly cut?: 'before-headers' | { readonly afterBytes: number }
  /** With `cut`: a TCP reset instead of a FIN. */
  readonly reset?: boolean
  /** Send the body in pieces of `bytes`, one every `everyMs`. */
  readonly trickle?: { readonly bytes: number; readonly everyMs: number }
}

/** Undefined leaves the request to the next handler, and at last to its route. */
export type InterceptHandler = (
  request: RecordedRequest,
) => CannedAnswer | undefined | Promise<CannedAnswer | undefined>

export interface InterceptOptions {
  /** After so many answers the handler is gone. Default: never. */
  readonly times?: number
  /** `headers`: as soon as the head has arrived, the body is never read. Default `body`. */
  readonly at?: 'headers' | 'body'
}

interface Interceptor {
  readonly match: RequestMatch
  readonly handler: InterceptHandler
  readonly at: 'headers' | 'body'
  remaining: number
}

/** What tests have put in front of the routes of one server, asked in the order of arrival. */
export class Interceptors {
  readonly #list = new Set<Interceptor>()

  /** Returns what takes the handler away again. */
  add(match: RequestMatch, handler: InterceptHandler, options: InterceptOptions = {}): () => void {
    const { times = Infinity, at = 'body' } = options
    const interceptor: Interceptor = { match, handler, at, remaining: times }
    this.#list.add(interceptor)
    return () => this.#list.delete(interceptor)
  }

  async answer(request: RecordedRequest, at: 'headers' | 'body'): Promise<CannedAnswer | undefined> {
    for (const interceptor of this.#list) {
      if (interceptor.at !== at || interceptor.remaining <= 0) continue
      if (!matches(interceptor.match, request)) continue
      // Counted before the handler runs: two requests at once must not both get the only answer.
      interceptor.remaining -= 1
      const answer = await interceptor.handler(request)
      if (answer === undefined) {
        interceptor.remaining += 1
        continue
      }
      if (interceptor.remaining <= 0) this.#list.delete(interceptor)
      return answer
    }
    return undefined
  }

  clear(): void {
    this.#list.clear()
  }
}
