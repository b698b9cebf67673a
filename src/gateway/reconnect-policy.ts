import { TransportError } from '../errors.js'
import { Backoff } from '../reconnect/backoff.js'
import type { Disconnect } from './disconnect.js'
import type { ShardState } from './events.js'
import { DEFAULT_GATEWAY_URL } from './gateway-url.js'
import type { ResolvedGatewayOptions } from './resolved-options.js'
import type { LiveSession } from './session.js'

/** Attempts at the resume URL in a row before the default URL is tried in turn with it. */
const RESUME_URL_ATTEMPTS = 2
/** Times that the stream breaks after the same event before its session is given up. */
const MAX_UNREADABLE = 3

/** What follows a disconnection. */
export type NextStep =
  | { readonly kind: 'give up'; readonly error: Error }
  | {
      readonly kind: 'reconnect'
      readonly resume: boolean
      readonly delayMs: number
      /** Attempts in a row without a stable connection, the one to come included. */
      readonly attempt: number
    }

/** Decides for one shard whether, when, where and with what to come back. */
export class ReconnectPolicy {
  readonly #backoff: Backoff
  #wasReady = false
  #readySince = 0
  #resumeAttempts = 0
  /** After which event the stream could not be read, and how often: a replay brings the same payload again. */
  #unreadable = { after: -1, times: 0 }

  constructor({ backoffBaseMs: baseMs, backoffMaxMs: maxMs }: ResolvedGatewayOptions, random: () => number) {
    this.#backoff = new Backoff({ baseMs, maxMs }, random)
  }

  /** Whether the shard ever had a session in this process. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** A session stands. */
  ready(): void {
    this.#wasReady = true
    this.#resumeAttempts = 0
    this.#readySince = performance.now()
  }

  /**
   * For one more attempt. A session is resumed at its own URL; where that cannot be reached, a proxy's list may
   * allow the default host only, which resumes as well.
   */
  resumeUrl(session: LiveSession): string {
    const attempts = this.#resumeAttempts++
    const elsewhere = attempts >= RESUME_URL_ATTEMPTS && attempts % 2 === 0
    return elsewhere ? DEFAULT_GATEWAY_URL : session.resumeUrl
  }

  /** @param state in which the shard was when its connection, or the attempt at one, ended */
  after(disconnect: Disconnect, session: LiveSession | undefined, state: ShardState): NextStep {
    const { error, recovery, reason, unreadable, wanted, waitMs = 0 } = disconnect
    if (recovery === 'fatal' || this.#isHopeless(error, session))
      return { kind: 'give up', error: error ?? new Error(reason) }
    if (state === 'ready') this.#backoff.held(performance.now() - this.#readySince)
    const replayed = state === 'ready' || state === 'resuming'
    const stuck = unreadable === true && replayed && this.#isStuck(session)
    return {
      kind: 'reconnect',
      resume: session !== undefined && recovery === 'resume' && !stuck,
      delayMs: wanted ? 0 : Math.max(waitMs, this.#backoff.next()),
      attempt: Math.max(1, this.#backoff.failures),
    }
  }

  /** A configuration that never worked will not work by itself; one that did may again. */
  #isHopeless(error: Error | null, session: LiveSession | undefined): boolean {
    if (!(error instanceof TransportError)) return false
    if (error.code === 'ERR_TRANSPORT_CLOSED') return true
    if (this.#wasReady || error.retryable) return false
    return session === undefined || this.#resumeAttempts > RESUME_URL_ATTEMPTS
  }

  #isStuck(session: LiveSession | undefined): boolean {
    const after = session?.sequence ?? -1
    const times = this.#unreadable.after === after ? this.#unreadable.times + 1 : 1
    this.#unreadable = { after, times }
    return times >= MAX_UNREADABLE
  }
}
