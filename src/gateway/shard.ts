import type {
  GatewayDispatchPayload,
  GatewayPresenceUpdateData,
  GatewayReadyDispatchData,
} from 'discord-api-types/v10'
import { TransportError } from '../errors.js'
import { Backoff } from './backoff.js'
import { Connection, type ConnectionOwner, type ConnectionSettings } from './connection.js'
import type { ConnectLimit, Leave } from './connect-limit.js'
import { asked, type Disconnect } from './disconnect.js'
import type { GatewayReconnecting, GatewayResumed, ShardState, ShardStatus } from './events.js'
import { closedGateway, GatewayError } from './gateway-error.js'
import { DEFAULT_GATEWAY_URL, isTransient, type GatewayInfoSource } from './gateway-info.js'
import { identifyPayload, resumePayload } from './handshake.js'
import type { IdentifyQueue } from './identify-queue.js'
import type { ResolvedGatewayOptions } from './options.js'
import { isReady, isResumed } from './payload.js'
import { SendQueue } from './send-queue.js'
import type { GatewaySession, LiveSession } from './session.js'

/** What all shards of a client share. */
export interface ShardContext {
  readonly options: ResolvedGatewayOptions
  /** Known once the number of shards is. */
  readonly connection: () => ConnectionSettings
  readonly info: GatewayInfoSource
  readonly identifies: IdentifyQueue
  readonly connects: ConnectLimit
  readonly random: () => number
  /** With which a session begins. */
  readonly presence: () => GatewayPresenceUpdateData | undefined
}

/** What a shard reports. */
export interface ShardOwner {
  changed(): void
  ready(data: GatewayReadyDispatchData, shardId: number): void
  resumed(resumed: GatewayResumed): void
  dispatch(payload: GatewayDispatchPayload, shardId: number): void
  reconnecting(reconnecting: GatewayReconnecting): void
  /** It will not come back: what has to be changed. */
  failed(error: Error, shardId: number): void
  debug(message: string, shardId: number): void
}

/** Identity of an attempt: what comes of an abandoned one is of no interest. */
interface Attempt {
  readonly abort: AbortController
  leave: Leave | undefined
}

/** Attempts at the resume URL in a row before the default URL is tried in turn with it. */
const RESUME_URL_ATTEMPTS = 2
/** Times that the stream breaks after the same event before its session is given up. */
const MAX_UNREADABLE = 3

/** One shard: its session, over as many connections as it takes. */
export class Shard implements ConnectionOwner {
  readonly id: number
  readonly count: number
  readonly #context: ShardContext
  readonly #owner: ShardOwner
  readonly #backoff: Backoff
  #state: ShardState = 'idle'
  #session: LiveSession | undefined
  #connection: Connection | undefined
  #attempt: Attempt | undefined
  #timer: NodeJS.Timeout | undefined
  #sends: SendQueue | undefined
  #heartbeatIntervalMs = 0
  #readySince = 0
  #wasReady = false
  #replayed = 0
  #resumeAttempts = 0
  /** After which event the stream could not be read, and how often: a replay brings the same payload again. */
  #unreadable = { after: -1, times: 0 }
  #onClosed: (() => void) | undefined

  constructor(id: number, count: number, context: ShardContext, owner: ShardOwner) {
    this.id = id
    this.count = count
    this.#context = context
    this.#owner = owner
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = context.options
    this.#backoff = new Backoff({ baseMs, maxMs }, context.random)
  }

  get state(): ShardState {
    return this.#state
  }

  /** Whether it ever had a session in this process. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  get ping(): number | null {
    return this.#connection?.roundTripMs ?? null
  }

  get session(): GatewaySession | null {
    if (this.#session === undefined) return null
    const { id, sequence, resumeUrl } = this.#session
    return { id, sequence, resumeUrl, shardId: this.id, shardCount: this.count }
  }

  get status(): ShardStatus {
    const { id, state, ping, session } = this
    return { id, state, ping, session }
  }

  get sequence(): number | null {
    return this.#session?.sequence ?? null
  }

  get queuedSends(): number {
    return this.#sends?.length ?? 0
  }

  /** A session to go on with. */
  restore({ id, sequence, resumeUrl }: GatewaySession): void {
    this.#session = { id, sequence, resumeUrl }
  }

  start(): void {
    if (this.#state === 'idle') this.#connect()
  }

  send(text: string, replaces?: string): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') return Promise.reject(closedGateway())
    this.#sends ??= this.#createSends()
    return this.#sends.push(text, replaces)
  }

  /** Leaves the connection and opens another at once. */
  reconnect(reason: string, resume: boolean): void {
    if (this.#state === 'idle' || this.#state === 'closing' || this.#state === 'closed') return
    if (!resume) this.#session = undefined
    const disconnect: Disconnect = { ...asked(reason, resume ? 'resume' : 'identify'), wanted: true }
    if (this.#connection !== undefined) this.#connection.leave(disconnect)
    else this.#restart(disconnect)
  }

  /** Resolves when the socket is closed. */
  close(reason: string, keepSession: boolean): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve()
    this.#setState('closing')
    this.#sends?.fail(closedGateway())
    this.#abandon()
    const closed = new Promise<void>((resolve) => (this.#onClosed = resolve))
    if (!keepSession) this.#session = undefined
    if (this.#connection !== undefined) this.#connection.close(asked(reason, 'resume'), keepSession)
    else this.#finish()
    return closed
  }

  hello(heartbeatIntervalMs: number): void {
    this.#heartbeatIntervalMs = heartbeatIntervalMs
    this.#attempt?.leave?.()
    if (this.#session === undefined) void this.#identify()
    else this.#resume(this.#session)
  }

  dispatch(payload: GatewayDispatchPayload): void {
    const session = this.#session
    if (isReady(payload)) {
      this.#begin(payload.d, payload.s)
      this.#owner.dispatch(payload, this.id)
      this.#owner.ready(payload.d, this.id)
      return
    }
    // A replay may begin before where we were: once is enough.
    if (session === undefined || payload.s <= session.sequence) return
    session.sequence = payload.s
    if (this.#state !== 'resuming') {
      this.#owner.dispatch(payload, this.id)
    } else if (isResumed(payload)) {
      this.#usable()
      this.#owner.dispatch(payload, this.id)
      this.#owner.resumed({ shardId: this.id, replayed: this.#replayed })
    } else {
      this.#replayed += 1
      this.#connection?.progressed()
      this.#owner.dispatch(payload, this.id)
    }
  }

  reconnectRequested(): void {
    this.#connection?.leave(asked('Discord asked for a reconnect', 'resume'))
  }

  sessionInvalid(resumable: boolean): void {
    // "Wait a random amount of time, between 1 and 5 seconds, then send a fresh Identify."
    const waitMs = resumable ? 0 : Math.round(1_000 + this.#context.random() * 4_000)
    const reason = resumable
      ? 'Discord invalidated the connection, not its session'
      : 'Discord invalidated the session'
    this.#connection?.leave(asked(reason, resumable ? 'resume' : 'identify', waitMs))
  }

  ended(disconnect: Disconnect): void {
    const readyMs = this.#state === 'ready' ? performance.now() - this.#readySince : 0
    const replaying = this.#state === 'resuming' || this.#state === 'ready'
    this.#connection = undefined
    this.#sends?.detach()
    this.#abandon()
    if (this.#state === 'closing') this.#finish()
    else {
      this.#backoff.held(readyMs)
      if (disconnect.unreadable && replaying) this.#countUnreadable()
      this.#recover(disconnect)
    }
  }

  #countUnreadable(): void {
    const after = this.#session?.sequence ?? -1
    const times = this.#unreadable.after === after ? this.#unreadable.times + 1 : 1
    this.#unreadable = { after, times }
    if (times >= MAX_UNREADABLE) this.#session = undefined
  }

  #recover(disconnect: Disconnect): void {
    const { error, recovery } = disconnect
    if (recovery === 'fatal' || this.#isHopeless(error)) {
      this.#owner.failed(error ?? new Error(disconnect.reason), this.id)
      return
    }
    if (recovery === 'identify') this.#session = undefined
    this.#restart(disconnect)
  }

  /** A configuration that never worked will not work by itself; one that did may again. */
  #isHopeless(error: Error | null): boolean {
    if (error instanceof TransportError && error.code === 'ERR_TRANSPORT_CLOSED') return true
    if (this.#wasReady || !(error instanceof TransportError) || error.retryable) return false
    return this.#session === undefined || this.#resumeAttempts > RESUME_URL_ATTEMPTS
  }

  #restart({ reason, error, closeCode, wanted, waitMs = 0 }: Disconnect): void {
    this.#abandon()
    const delayMs = wanted ? 0 : Math.max(waitMs, this.#backoff.next())
    this.#setState('waiting')
    this.#owner.reconnecting({
      shardId: this.id,
      reason,
      error,
      closeCode,
      delayMs,
      attempt: Math.max(1, this.#backoff.failures),
      resume: this.#session !== undefined,
    })
    // A listener may have closed the gateway or asked for a reconnect of its own.
    if (this.#current() !== 'waiting' || this.#attempt !== undefined) return
    this.#timer = setTimeout(() => this.#connect(), delayMs)
  }

  #connect(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const attempt: Attempt = { abort: new AbortController(), leave: undefined }
    this.#attempt = attempt
    this.#setState('connecting')
    void this.#open(attempt)
  }

  async #open(attempt: Attempt): Promise<void> {
    const { connects, connection, options } = this.#context
    const { signal } = attempt.abort
    try {
      const url = await this.#url()
      if (signal.aborted) return
      const leave = await connects.enter(signal)
      if (this.#attempt !== attempt) {
        leave()
        return
      }
      attempt.leave = leave
      this.#debug(`connecting to ${new URL(url).host}`)
      const { gatewayRuntimeReadyTimeoutMs, gatewayReadyTimeoutMs } = options
      const timeoutMs = this.#wasReady ? gatewayRuntimeReadyTimeoutMs : gatewayReadyTimeoutMs
      this.#connection = new Connection(connection(), url, timeoutMs, this)
    } catch (error) {
      if (signal.aborted || this.#attempt !== attempt) return
      attempt.leave?.()
      const cause = error instanceof Error ? error : new Error(String(error))
      // A token that Discord refused is not asked for again and again.
      const fatal = cause instanceof GatewayError || (!isTransient(cause) && !this.#wasReady)
      this.#recover({
        reason: cause.message,
        error: cause,
        closeCode: null,
        recovery: fatal ? 'fatal' : 'resume',
      })
    }
  }

  /**
   * A session is resumed at its own URL. Where that cannot be reached, a proxy's list may allow the default host
   * only, which resumes as well.
   */
  async #url(): Promise<string> {
    if (this.#session === undefined) return (await this.#context.info.get()).url
    const attempts = this.#resumeAttempts++
    const elsewhere = attempts >= RESUME_URL_ATTEMPTS && attempts % 2 === 0
    return elsewhere ? DEFAULT_GATEWAY_URL : this.#session.resumeUrl
  }

  async #identify(): Promise<void> {
    const { abort } = this.#attempt ?? {}
    const connection = this.#connection
    if (abort === undefined || connection === undefined) return
    this.#setState('identifying')
    try {
      await this.#context.identifies.turn(this.id, abort.signal)
    } catch {
      return
    }
    if (abort.signal.aborted) return
    this.#debug('identifying')
    this.#expect(connection, 'READY')
    connection.send(identifyPayload(this.#context.options, [this.id, this.count], this.#context.presence()))
  }

  #resume({ id, sequence }: LiveSession): void {
    this.#replayed = 0
    this.#setState('resuming')
    this.#debug(`resuming after event ${sequence}`)
    if (this.#connection === undefined) return
    this.#expect(this.#connection, 'RESUMED')
    this.#connection.send(resumePayload(this.#context.options.token, id, sequence))
  }

  #expect(connection: Connection, awaited: string): void {
    const { gatewayRuntimeReadyTimeoutMs, gatewayReadyTimeoutMs } = this.#context.options
    connection.expect(awaited, this.#wasReady ? gatewayRuntimeReadyTimeoutMs : gatewayReadyTimeoutMs)
  }

  #begin(data: GatewayReadyDispatchData, sequence: number): void {
    this.#session = { id: data.session_id, resumeUrl: data.resume_gateway_url, sequence }
    this.#usable()
  }

  #usable(): void {
    const connection = this.#connection
    this.#attempt = undefined
    this.#wasReady = true
    this.#resumeAttempts = 0
    this.#readySince = performance.now()
    connection?.expected()
    this.#setState('ready')
    if (connection !== undefined)
      this.#sends?.attach(this.#heartbeatIntervalMs, (text, flushed) => connection.send(text, flushed))
  }

  #createSends(): SendQueue {
    const sends = new SendQueue(this.#context.options.maxQueuedSends)
    const connection = this.#connection
    if (this.#state === 'ready' && connection !== undefined)
      sends.attach(this.#heartbeatIntervalMs, (text, flushed) => connection.send(text, flushed))
    return sends
  }

  #abandon(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    attempt?.leave?.()
    attempt?.abort.abort(new Error('the attempt was given up'))
  }

  #finish(): void {
    this.#setState('closed')
    this.#onClosed?.()
  }

  #setState(state: ShardState): void {
    if (this.#state === state) return
    this.#state = state
    this.#owner.changed()
  }

  /** The state after a callback, which the compiler takes to be unchanged. */
  #current(): ShardState {
    return this.#state
  }

  #debug(message: string): void {
    this.#owner.debug(message, this.id)
  }
}
