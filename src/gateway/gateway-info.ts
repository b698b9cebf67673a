import * as z from 'zod'
import { TransportError } from '../errors.js'
import { closedGateway, GatewayError } from './gateway-error.js'
import type { SessionStartLimit } from './identify-queue.js'
import type { GatewayLinks } from './links.js'
import { DEFAULT_GATEWAY_URL, gatewayUrl } from './gateway-url.js'

/** Where to connect, and how many shards may begin. */
export interface GatewayInfo {
  readonly url: string
  readonly shards: number
  /** Undefined where Discord could not be asked. */
  readonly sessionStartLimit: SessionStartLimit | undefined
}

/** https://discord.com/developers/docs/events/gateway#get-gateway-bot */
const INFO_URL = 'https://discord.com/api/v10/gateway/bot'
/** The API demands a user agent of this form: https://discord.com/developers/docs/reference#user-agent */
const USER_AGENT = 'DiscordBot (discord-transport, 0.1)'

/** The limits that it states change with each identify; the shards of one start share one answer. */
const FRESH_MS = 5 * 60_000
/** A default in its place is not kept for longer than the waves of reconnecting shards. */
const FALLBACK_FRESH_MS = 10_000
const LOG_EVERY_MS = 60_000

const RENEWED = new Error('asked again')

const schema = z.object({
  url: gatewayUrl,
  shards: z.int().min(1),
  session_start_limit: z.object({
    total: z.number(),
    remaining: z.number(),
    reset_after: z.number(),
    max_concurrency: z.int().min(1),
  }),
})

export interface GatewayInfoSettings {
  readonly token: string
  readonly gatewayInfoTimeoutMs: number
}

/** GET /gateway/bot through the transport, asked once for all shards of a client. */
export class GatewayInfoSource {
  readonly #links: GatewayLinks
  readonly #settings: GatewayInfoSettings
  readonly #log: (line: string) => void
  readonly #onAnswer: (info: GatewayInfo) => void
  #pending: Promise<GatewayInfo> | undefined
  #info: GatewayInfo | undefined
  #freshUntil = 0
  #loggedAt = -Infinity
  #question: AbortController | undefined
  readonly #closing = new AbortController()

  constructor(
    links: GatewayLinks,
    settings: GatewayInfoSettings,
    log: (line: string) => void,
    onAnswer: (info: GatewayInfo) => void,
  ) {
    this.#links = links
    this.#settings = settings
    this.#log = log
    this.#onAnswer = onAnswer
  }

  /**
   * @throws GatewayError ERR_GATEWAY_AUTHENTICATION where Discord does not know the token
   * @throws TransportError where the configuration of the transport has to be changed
   */
  get(): Promise<GatewayInfo> {
    if (this.#closing.signal.aborted) return Promise.reject(closedGateway())
    if (this.#info !== undefined && performance.now() < this.#freshUntil) return Promise.resolve(this.#info)
    this.#pending ??= this.#ask().finally(() => (this.#pending = undefined))
    return this.#pending
  }

  /** Asks until Discord itself answers. */
  async insist(): Promise<GatewayInfo> {
    this.#freshUntil = 0
    for (;;) {
      const info = await this.get()
      if (info.sessionStartLimit !== undefined) return info
      await this.#pause()
    }
  }

  /** The way may be another now: what is being asked is asked again. */
  renew(): void {
    this.#question?.abort(RENEWED)
  }

  close(): void {
    this.#closing.abort()
    this.#question?.abort(closedGateway())
  }

  async #ask(): Promise<GatewayInfo> {
    const question = new AbortController()
    this.#question = question
    const { gatewayInfoTimeoutMs: timeoutMs } = this.#settings
    const timer = setTimeout(() => question.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    try {
      const info = await this.#fetch(question.signal)
      this.#info = info
      this.#freshUntil = performance.now() + FRESH_MS
      this.#onAnswer(info)
      return info
    } catch (error) {
      if (this.#closing.signal.aborted) throw error
      if (question.signal.reason === RENEWED) return await this.#ask()
      if (!isTransient(error)) throw error
      return this.#fallBack(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Until a default in the answer's place is no longer kept. */
  #pause(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#closing
      const stop = (): void => {
        clearTimeout(timer)
        reject(closedGateway())
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, FALLBACK_FRESH_MS)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  async #fetch(signal: AbortSignal): Promise<GatewayInfo> {
    const response = await this.#links.fetch(INFO_URL, {
      headers: { authorization: `Bot ${this.#settings.token}`, 'user-agent': USER_AGENT },
      signal,
    })
    if (!response.ok) {
      await response.body?.cancel()
      if (response.status === 401) throw unauthorized()
      throw new Error(`status ${response.status}`)
    }
    const body = schema.safeParse(await response.json())
    if (body.data === undefined) throw new Error('an answer of another shape')
    const { url, shards, session_start_limit: limit } = body.data
    return {
      url,
      shards,
      sessionStartLimit: {
        total: limit.total,
        remaining: limit.remaining,
        resetAfterMs: limit.reset_after,
        maxConcurrency: limit.max_concurrency,
      },
    }
  }

  /** The gateway may be well although REST is not; an older answer of Discord's is better than none. */
  #fallBack(error: unknown): GatewayInfo {
    const now = performance.now()
    this.#info ??= { url: DEFAULT_GATEWAY_URL, shards: 1, sessionStartLimit: undefined }
    this.#freshUntil = now + FALLBACK_FRESH_MS
    if (now - this.#loggedAt >= LOG_EVERY_MS) {
      this.#loggedAt = now
      const why = error instanceof Error ? error.message : 'unknown'
      this.#log(`GET /gateway/bot failed (${why}): connecting to ${this.#info.url}`)
    }
    return this.#info
  }
}

/** Whether another time, or another way, may work although nothing was changed. */
function isTransient(error: unknown): boolean {
  if (error instanceof GatewayError) return false
  return !(error instanceof TransportError) || error.retryable
}

function unauthorized(): GatewayError {
  return new GatewayError('Discord answered GET /gateway/bot with 401: the token is not valid', {
    code: 'ERR_GATEWAY_AUTHENTICATION',
    hint: 'Change the token: copy it anew from the Bot page of the developer portal, as it was reset or mistyped.',
  })
}
