import { resumeUrl } from '../discord/gateway-bot.js'
import { TransportError } from '../errors.js'
import { Backoff } from '../reconnect/backoff.js'
import { outageOf } from '../tunnel/index.js'
import type { Disconnect } from './disconnect.js'
import type { ShardState } from './events.js'
import { GatewayError } from './gateway-error.js'
import type { ResolvedGatewayOptions } from './options/parse.js'

/** Attempts at the resume URL in a row, after which every second one goes to the default URL. */
const RESUME_URL_ATTEMPTS = 2
/** How often the stream breaks after the same event before its session is given up. */
const MAX_UNREADABLE = 3

/** What follows a disconnection. */
export type NextStep =
  | { readonly kind: 'give up'; readonly error: Error }
  | {
      readonly kind: 'reconnect'
      readonly resume: boolean
      readonly delayMs: number
      /**
       * Whether the attempt waits for the port of the proxy to answer: `'only'` for nothing else, `'also'` if the port
       * answers before the delay is over, `'no'` not at all.
       */
      readonly awaitsProxy: 'only' | 'also' | 'no'
      /** Attempts in a row without a stable connection, including the one to come. */
      readonly attempt: number
    }

/** What the policy needs to know of a session. */
export interface KnownSession {
  readonly sequence: number
  readonly resumeUrl: string
}

/** Decides for one shard whether, when, where and with what to reconnect. */
export class ReconnectPolicy {
  readonly #backoff: Backoff
  readonly #maxAttempts: number
  #wasReady = false
  #readySince = 0
  #resumeAttempts = 0
  /** Attempts that the answer of a proxy's port has set off, since there was a session. */
  #proxyReturns = 0
  /** Discord asked not to identify before. */
  #identifyNotBefore = 0
  /** After which event the stream could not be read, and how often: a replay brings the same payload again. */
  #unreadable = { after: -1, times: 0 }

  constructor(options: ResolvedGatewayOptions, random: () => number) {
    this.#backoff = new Backoff({ baseMs: options.backoffBaseMs, maxMs: options.backoffMaxMs }, random)
    this.#maxAttempts = options.maxReconnectAttempts ?? Infinity
  }

  /** Whether the shard ever had a session in this process. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** There is a session. */
  ready(): void {
    this.#wasReady = true
    this.#resumeAttempts = 0
    this.#proxyReturns = 0
    this.#readySince = performance.now()
  }

  /** The port of the proxy answers, and an attempt follows. */
  proxyReturned(): void {
    this.#proxyReturns += 1
  }

  /**
   * Where to resume, for one more attempt. A proxy's list may allow the default host only, which resumes as well.
   *
   * @param configured the URL that the user configured
   */
  resumeUrl(session: KnownSession, configured: string | undefined): string {
    const attempts = this.#resumeAttempts++
    const elsewhere = attempts >= RESUME_URL_ATTEMPTS && attempts % 2 === 0
    return resumeUrl(elsewhere ? undefined : session.resumeUrl, configured)
  }

  /** @param state of the shard when its connection, or the attempt at one, ended */
  after(disconnect: Disconnect, session: KnownSession | undefined, state: ShardState): NextStep {
    const { error, recovery, reason, cause, waitMs = 0 } = disconnect
    if (recovery === 'fatal' || this.#isHopeless(error, session))
      return { kind: 'give up', error: error ?? new Error(reason) }
    if (state === 'ready') this.#backoff.held(performance.now() - this.#readySince)
    const now = performance.now()
    if (waitMs > 0) this.#identifyNotBefore = now + waitMs
    const wanted = cause === 'requested' || cause === 'proxy-change'
    const outage = outageOf(error)
    // Nothing reached Discord, and the answer of the port is worth more than any delay.
    const waitsForPort = outage === 'all' && this.#maxAttempts === Infinity
    const isFirstWait = waitsForPort && this.#proxyReturns === 0
    const backoffMs = wanted || isFirstWait ? 0 : this.#backoff.next()
    if (this.#backoff.failures > this.#maxAttempts)
      return { kind: 'give up', error: tooManyAttempts(disconnect) }
    const stuck =
      cause === 'unreadable' && (state === 'ready' || state === 'resuming') && this.#isStuck(session)
    const resume = session !== undefined && recovery === 'resume' && !stuck
    const notBefore = resume ? 0 : this.#identifyNotBefore
    return {
      kind: 'reconnect',
      resume,
      delayMs: Math.max(backoffMs, Math.ceil(notBefore - now)),
      awaitsProxy: waitsForPort ? 'only' : outage === 'none' || notBefore > now ? 'no' : 'also',
      attempt: Math.max(1, this.#backoff.failures),
    }
  }

  /** A configuration that never worked will not work by itself. One that did may work again. */
  #isHopeless(error: Error | null, session: KnownSession | undefined): boolean {
    if (!(error instanceof TransportError)) return false
    if (error.code === 'ERR_TRANSPORT_CLOSED') return true
    if (this.#wasReady || error.retryable) return false
    return session === undefined || this.#resumeAttempts > RESUME_URL_ATTEMPTS
  }

  #isStuck(session: KnownSession | undefined): boolean {
    const after = session?.sequence ?? -1
    const times = this.#unreadable.after === after ? this.#unreadable.times + 1 : 1
    this.#unreadable = { after, times }
    return times >= MAX_UNREADABLE
  }
}

function tooManyAttempts({ reason, error, closeCode }: Disconnect): GatewayError {
  return new GatewayError(`The gateway did not come back within maxReconnectAttempts: ${reason}`, {
    code: 'ERR_GATEWAY_RECONNECT_LIMIT',
    hint: 'Look at the cause. Without maxReconnectAttempts there is no limit.',
    closeCode,
    cause: error ?? undefined,
  })
}
