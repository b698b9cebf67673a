import { toError } from '../errors.js'
import { identifyPayload, resumePayload } from '../discord/identify.js'
import type { Leave } from '../reconnect/abortable.js'
import { Connection, type ConnectionOwner } from './connection.js'
import { failed, leaseEnded, type Disconnect, type DisconnectCause } from './disconnect.js'
import { GatewayError } from './gateway-error.js'
import type { ReconnectPolicy } from './reconnect-policy.js'
import type { ShardContext } from './shard-context.js'
import type { StoredSession } from './stored-session.js'

/** What an attempt needs of its shard, and reports to it. */
export interface AttemptOwner {
  readonly id: number
  readonly count: number
  readonly session: StoredSession
  readonly policy: ReconnectPolicy
  readonly connectionOwner: ConnectionOwner
  opened(connection: Connection): void
  /** HELLO has come. */
  began(what: 'identifying' | 'resuming'): void
  /** There is no connection, and this attempt will not open one. */
  failed(disconnect: Disconnect): void
  debug(line: string): void
}

/** One attempt of a shard: from the session store to the Identify or Resume. */
export class ConnectAttempt {
  readonly #context: ShardContext
  readonly #owner: AttemptOwner
  readonly #abort = new AbortController()
  readonly #readyTimeoutMs: number
  #connection: Connection | undefined
  /** The place among the connections that are being opened. */
  #place: Leave | undefined
  /** The turn to identify. */
  #turn: Leave | undefined

  constructor(context: ShardContext, owner: AttemptOwner) {
    const { gatewayRuntimeReadyTimeoutMs, gatewayReadyTimeoutMs } = context.options
    this.#context = context
    this.#owner = owner
    this.#readyTimeoutMs = owner.policy.wasReady ? gatewayRuntimeReadyTimeoutMs : gatewayReadyTimeoutMs
  }

  /** Gives up what is being waited for. A connection that is open already is its shard's. */
  abandon(): void {
    this.#abort.abort(new Error('the attempt was given up'))
  }

  async open(): Promise<void> {
    const { signal } = this.#abort
    const { connects, connection, identifies, throttler, holds } = this.#context
    const { id, session, connectionOwner } = this.#owner
    let step: DisconnectCause = 'session-store-failed'
    try {
      await session.load(signal, this.#readyTimeoutMs)
      step = 'lookup-failed'
      const url = await this.#url(signal)
      if (session.live === undefined) {
        this.#turn = await identifies.enter(id, signal, (waitMs) => this.#exhausted(waitMs))
        step = 'identify-throttler-failed'
        await throttler.prepare?.(id, signal)
      }
      this.#place = await connects.enter(signal)
      signal.throwIfAborted()
      if (!holds(id)) {
        this.#owner.failed(leaseEnded())
        return
      }
      step = 'connect-failed'
      this.#connection = new Connection(connection(), url, this.#readyTimeoutMs, connectionOwner)
      this.#owner.opened(this.#connection)
      this.#owner.debug(`connecting to ${new URL(url).host}`)
    } catch (error) {
      if (!signal.aborted) this.#owner.failed(failedAttempt(step, error))
    }
  }

  /** HELLO has come: the shard resumes or identifies. */
  hello(): void {
    const { session, id } = this.#owner
    const { live } = session
    this.#place?.()
    if (this.#leftForLease(id)) return
    this.#owner.began(live === undefined ? 'identifying' : 'resuming')
    if (live === undefined) {
      void this.#identify()
      return
    }
    this.#connection?.expect('RESUMED', this.#readyTimeoutMs)
    this.#connection?.send(resumePayload(this.#context.options.token(), live.id, live.sequence))
    this.#owner.debug(`resuming after event ${live.sequence}`)
  }

  /** Where the session is resumed, or where Discord wants a new one to begin. */
  async #url(signal: AbortSignal): Promise<string> {
    const { lookUp, options } = this.#context
    const { session, policy } = this.#owner
    if (options.gatewayInfo !== undefined) session.configuredUrl = (await lookUp(signal)).url
    const { live, configuredUrl } = session
    if (live !== undefined) return policy.resumeUrl(live, configuredUrl)
    return configuredUrl ?? (await lookUp(signal)).url
  }

  async #identify(): Promise<void> {
    const { signal } = this.#abort
    const { throttler, options, presence } = this.#context
    const { id, count } = this.#owner
    try {
      await throttler.waitForIdentify(id, signal)
    } catch (error) {
      if (!signal.aborted) this.#connection?.leave(failedAttempt('identify-throttler-failed', error))
      return
    }
    if (signal.aborted || this.#leftForLease(id)) return
    const { intents, properties, largeThreshold } = options
    const shard = [id, count] as const
    this.#connection?.expect('READY', this.#readyTimeoutMs)
    this.#connection?.send(
      identifyPayload({
        token: options.token(),
        intents,
        shard,
        properties,
        largeThreshold,
        presence: presence(),
      }),
    )
    this.#turn?.()
    this.#owner.debug('identifying')
  }

  #leftForLease(id: number): boolean {
    const holds = this.#context.holds(id)
    if (!holds) this.#connection?.leave(leaseEnded())
    return !holds
  }

  #exhausted(waitMs: number): void {
    const seconds = Math.ceil(waitMs / 1000)
    this.#owner.debug(`the session starts of today are used up: identifying in ${seconds} s`)
  }
}

/** A failure in one of the steps that this client takes itself. */
function failedAttempt(step: DisconnectCause, thrown: unknown): Disconnect {
  const cause = toError(thrown)
  if (step === 'lookup-failed' || step === 'connect-failed') {
    // A token that Discord refused is not tried again.
    return failed(step, cause, cause instanceof GatewayError && !cause.retryable ? 'fatal' : 'resume')
  }
  const what = step === 'session-store-failed' ? 'sessionStore.load' : 'identifyThrottler.waitForIdentify'
  const error = new GatewayError(`${what} failed: ${cause.message}`, {
    code: 'ERR_GATEWAY_STORE',
    hint: 'Look at the cause. The client tries again by itself.',
    cause,
  })
  return failed(step, error)
}
