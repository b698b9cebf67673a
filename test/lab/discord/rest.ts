import { HttpHost, type HttpHostOptions } from './http-host.js'
import type { CannedAnswer } from './interceptors.js'
import { rateLimited, RateLimits, type RateLimit, type RateLimitedAnswer } from './rate-limits.js'
import type { RequestMatch } from './recorded-request.js'
import { Router, type Route } from './router.js'

export const REST_HOST = 'discord.com'

/** https://discord.com/api, with and without /v10. */
export class Rest extends HttpHost {
  readonly #rateLimits: RateLimits

  constructor(options: Omit<HttpHostOptions, 'name' | 'route'>, token: string, routes: readonly Route[]) {
    const router = new Router(token, routes)
    const rateLimits = new RateLimits()
    super({
      ...options,
      name: 'rest',
      route: (request, { problem }) => {
        // Interaction callbacks have no limit, and so no headers of one.
        const isCallback = request.route.startsWith('/interactions/')
        const limited = isCallback ? { headers: {} } : rateLimits.take(request)
        if ('rejected' in limited) return limited.rejected
        const reply = router.answer(request, problem)
        return { ...reply, headers: { ...reply.headers, ...limited.headers, via: '1.1 google' } }
      },
    })
    this.#rateLimits = rateLimits
  }

  /** From now on these requests are limited so; the limit is in the headers, and beyond it is a 429. */
  limit(match: RequestMatch, rule: RateLimit): void {
    this.#rateLimits.set(match, rule)
  }

  /** The next request that matches gets a 429, whatever the limits say. */
  rateLimitOnce(match: RequestMatch, answer?: RateLimitedAnswer): void {
    this.respondOnce(match, rateLimited(answer))
  }

  /** The next request that matches is carried out, and its answer is lost with the connection. */
  loseAnswerOnce(match: RequestMatch, how: Pick<CannedAnswer, 'reset' | 'delayMs'> = {}): void {
    this.respondOnce(match, { apply: true, cut: 'before-headers', ...how })
  }
}
