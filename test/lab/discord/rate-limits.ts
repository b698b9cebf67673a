import { createHash } from 'node:crypto'
import { jsonReply, type HttpReply } from './http-reply.js'
import type { CannedAnswer } from './interceptors.js'
import { matches, type RecordedRequest, type RequestMatch } from './recorded-request.js'

export interface RateLimit {
  /** Requests in one window. */
  readonly limit: number
  readonly windowMs: number
}

export interface RateLimitedAnswer {
  /** Seconds, as in Discord's body and header. Default 1. */
  readonly retryAfter?: number
  readonly scope?: 'user' | 'global' | 'shared'
  readonly bucket?: string
}

interface Bucket extends RateLimit {
  readonly hash: string
  used: number
  resetAt: number
}

/** So high that clients which obey the headers are never held back unless a test says so. */
const GENEROUS: RateLimit = { limit: 1_000_000, windowMs: 1000 }

/** https://discord.com/developers/docs/topics/rate-limits: a bucket is a method, a route, a major parameter. */
function bucketOf({ method, route }: RecordedRequest): { readonly template: string; readonly major: string } {
  const segments = route.split('/')
  const [, top, first = '', second = ''] = segments
  const major =
    top === 'channels' || top === 'guilds' ? first : top === 'webhooks' ? `${first}/${second}` : ''
  const template = segments.map((segment, index) => {
    const previous = segments[index - 1]
    if (previous === 'reactions') return ':emoji'
    const isToken = index === 3 && (top === 'webhooks' || top === 'interactions')
    return isToken || /^\d{16,}$/.test(segment) ? ':id' : segment
  })
  return { template: `${method} ${template.join('/')}`, major }
}

function hashOf(template: string): string {
  return createHash('md5').update(template).digest('hex')
}

export class RateLimits {
  readonly #rules: { readonly match: RequestMatch; readonly rule: RateLimit }[] = []
  readonly #buckets = new Map<string, Bucket>()

  /** From now on these requests are limited so, and what exceeds it gets a real 429. */
  set(match: RequestMatch, rule: RateLimit): void {
    this.#rules.unshift({ match, rule })
    this.#buckets.clear()
  }

  /** Counts a request. Either the headers for its answer, or the 429 in its place. */
  take(request: RecordedRequest): { headers: Record<string, string> } | { rejected: HttpReply } {
    const bucket = this.#bucket(request)
    const now = Date.now()
    if (bucket.resetAt <= now) {
      bucket.used = 0
      bucket.resetAt = now + bucket.windowMs
    }
    const resetAfter = (bucket.resetAt - now) / 1000
    const allowed = bucket.used < bucket.limit
    if (allowed) bucket.used += 1
    const headers = {
      'x-ratelimit-bucket': bucket.hash,
      'x-ratelimit-limit': String(bucket.limit),
      'x-ratelimit-remaining': String(bucket.limit - bucket.used),
      'x-ratelimit-reset': (bucket.resetAt / 1000).toFixed(3),
      'x-ratelimit-reset-after': resetAfter.toFixed(3),
    }
    if (allowed) return { headers }
    const { status, json, headers: limited } = rateLimited({ retryAfter: resetAfter, bucket: bucket.hash })
    return { rejected: jsonReply(status, json, { ...headers, ...limited }) }
  }

  #bucket(request: RecordedRequest): Bucket {
    const { template, major } = bucketOf(request)
    const key = `${template} ${major}`
    let bucket = this.#buckets.get(key)
    if (!bucket) {
      const rule = this.#rules.find(({ match }) => matches(match, request))?.rule ?? GENEROUS
      bucket = { ...rule, hash: hashOf(template), used: 0, resetAt: 0 }
      this.#buckets.set(key, bucket)
    }
    return bucket
  }
}

/** A 429 as Discord sends it. */
export function rateLimited({
  retryAfter = 1,
  scope = 'user',
  bucket,
}: RateLimitedAnswer = {}): CannedAnswer & {
  readonly status: number
} {
  const global = scope === 'global'
  return {
    status: 429,
    json: { message: 'You are being rate limited.', retry_after: retryAfter, global },
    headers: {
      via: '1.1 google',
      'retry-after': String(Math.ceil(retryAfter)),
      'x-ratelimit-scope': scope,
      ...(global ? { 'x-ratelimit-global': 'true' } : {}),
      ...(bucket === undefined
        ? {}
        : {
            'x-ratelimit-bucket': bucket,
            'x-ratelimit-remaining': '0',
            'x-ratelimit-reset-after': String(retryAfter),
          }),
    },
  }
}
