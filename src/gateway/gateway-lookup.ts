import {
  DEFAULT_GATEWAY_URL,
  gatewayBotSchema,
  type GatewayBotInfo,
  type SessionStartLimit,
} from '../discord/gateway-bot.js'
import { TOKEN_HINT } from '../discord/close-codes.js'
import { TransportError, toError } from '../errors.js'
import { answerWithin, pause, unlessAborted } from '../reconnect/abortable.js'
import { GatewayError } from './gateway-error.js'

/** Where to connect, and how many shards Discord recommends. */
export interface FoundGateway {
  readonly url: string
  readonly shards: number
  /** Undefined if Discord could not be asked: the rest is a default then. */
  readonly session_start_limit: SessionStartLimit | undefined
}

/** What is asked. */
export interface GatewayQuestion {
  /** For the log. */
  readonly name: string
  readonly ask: (signal: AbortSignal) => Promise<GatewayBotInfo>
  readonly onAnswer: (info: GatewayBotInfo) => void
  /** How long an answer is used before it is asked for again. Default: five minutes. */
  readonly freshMs?: number
}

/** What a call of the lookup brings with it. */
export interface LookupCall {
  /** Gives up the wait. */
  readonly signal: AbortSignal
  /** For each question. */
  readonly timeoutMs: number
  readonly log: (line: string) => void
}

/** The limits in the answer change with each identify. The shards of one start share one answer. */
const FRESH_MS = 5 * 60_000
/** A default is not used for longer: the answer may be different. */
const FALLBACK_FRESH_MS = 10_000
const LOG_EVERY_MS = 60_000

const RENEWED = new Error('asked again')

/** GET /gateway/bot, or the option `gatewayInfo`: asked once for all that need it at one time. */
export class GatewayLookup {
  readonly #question: GatewayQuestion
  #pending: Promise<FoundGateway> | undefined
  #waiting = 0
  #abandoned = new AbortController()
  #asking: AbortController | undefined
  #found: FoundGateway | undefined
  #freshUntil = 0
  #loggedAt = -Infinity

  constructor(question: GatewayQuestion) {
    this.#question = question
  }

  /**
   * The answer, or a default if there is none for the moment.
   *
   * @throws GatewayError ERR_GATEWAY_AUTHENTICATION if Discord refuses the token
   * @throws TransportError if the configuration of the transport has to be changed
   * @throws the reason of the signal
   */
  async get(call: LookupCall): Promise<FoundGateway> {
    call.signal.throwIfAborted()
    if (this.#found !== undefined && performance.now() < this.#freshUntil) return this.#found
    this.#waiting += 1
    try {
      this.#pending ??= this.#lookUp(call)
      return await unlessAborted(this.#pending, call.signal)
    } finally {
      this.#waiting -= 1
      if (this.#waiting === 0) this.#abandon()
    }
  }

  /** Asks until Discord itself answers. */
  async insist(call: LookupCall): Promise<FoundGateway> {
    this.#freshUntil = 0
    for (;;) {
      const found = await this.get(call)
      if (found.session_start_limit !== undefined) return found
      await pause(this.#freshUntil - performance.now(), call.signal)
    }
  }

  /** The proxy may be another one now: what is being asked is asked again. */
  renew(): void {
    this.#asking?.abort(RENEWED)
  }

  /** No call waits any more. */
  #abandon(): void {
    this.#pending = undefined
    this.#abandoned.abort()
    this.#abandoned = new AbortController()
  }

  async #lookUp({ timeoutMs, log }: LookupCall): Promise<FoundGateway> {
    const { signal } = this.#abandoned
    const patientUntil = performance.now() + timeoutMs
    for (;;) {
      try {
        this.#asking = new AbortController()
        const ended = AbortSignal.any([this.#asking.signal, signal])
        return this.#answered(await answerWithin(timeoutMs, ended, this.#question.ask))
      } catch (error) {
        signal.throwIfAborted()
        if (error === RENEWED) continue
        if (!isTransient(error)) throw error
        const retryAfterMs = error instanceof RateLimited ? error.retryAfterMs : 0
        if (retryAfterMs === 0 || performance.now() + retryAfterMs > patientUntil)
          return this.#fallBack(toError(error), retryAfterMs, log)
        log(`${this.#question.name} is rate limited: asking again in ${retryAfterMs} ms`)
        await pause(retryAfterMs, signal)
      }
    }
  }

  #answered(info: GatewayBotInfo): FoundGateway {
    this.#found = info
    this.#freshUntil = performance.now() + (this.#question.freshMs ?? FRESH_MS)
    this.#question.onAnswer(info)
    return info
  }

  /** The gateway may work although REST does not. An older answer of Discord's is better than the default. */
  #fallBack(error: Error, retryAfterMs: number, log: (line: string) => void): FoundGateway {
    const now = performance.now()
    this.#found ??= { url: DEFAULT_GATEWAY_URL, shards: 1, session_start_limit: undefined }
    this.#freshUntil = now + Math.max(FALLBACK_FRESH_MS, retryAfterMs)
    if (now - this.#loggedAt >= LOG_EVERY_MS) {
      this.#loggedAt = now
      log(`${this.#question.name} failed (${error.message}): connecting to ${this.#found.url}`)
    }
    return this.#found
  }
}

/** Discord answered 429. */
class RateLimited extends Error {
  constructor(readonly retryAfterMs: number) {
    super('status 429')
  }
}

/**
 * Asks Discord once.
 *
 * @throws GatewayError ERR_GATEWAY_AUTHENTICATION if Discord refuses the token
 * @throws TransportError, Error
 */
export async function askDiscord(get: () => Promise<Response>): Promise<GatewayBotInfo> {
  const response = await get()
  if (response.ok) return gatewayBotInfo(await response.json())
  await response.body?.cancel()
  if (response.status === 401) throw unauthorized()
  if (response.status === 429) throw new RateLimited(retryAfterMs(response))
  throw new Error(`status ${response.status}`)
}

/** Asks the function that the user gave as the option `gatewayInfo`. */
export async function askUser(
  gatewayInfo: (signal: AbortSignal) => unknown,
  signal: AbortSignal,
): Promise<GatewayBotInfo> {
  return gatewayBotInfo(await gatewayInfo(signal))
}

function gatewayBotInfo(value: unknown): GatewayBotInfo {
  const { data } = gatewayBotSchema.safeParse(value)
  if (data === undefined) throw new Error('an answer of another shape')
  return data
}

/** https://discord.com/developers/docs/topics/rate-limits: seconds. 0 if there is no such header. */
function retryAfterMs({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? '')
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds * 1000) : 0
}

/** Whether the same question may get an answer later, although nothing was changed. */
function isTransient(error: unknown): boolean {
  return error instanceof GatewayError || error instanceof TransportError ? error.retryable : true
}

function unauthorized(): GatewayError {
  return new GatewayError('Discord answered GET /gateway/bot with 401: the token is not valid', {
    code: 'ERR_GATEWAY_AUTHENTICATION',
    hint: TOKEN_HINT,
  })
}
