import type { GatewaySendPayload } from 'discord-api-types/v10'
import { identifyPayload, resumePayload } from '../discord/identify.js'
import type { Leave } from '../reconnect/abortable.js'
import type { SendQueue } from '../reconnect/send-queue.js'
import { Connection, type ConnectionOwner } from './connection.js'
import { failed, leaving, type Disconnect, type DisconnectCause } from './disconnect.js'
import type { GatewayDisconnected, ShardState, ShardStatus } from './events.js'
import { closedGateway, GatewayError, toError } from './gateway-error.js'
import type { GatewayCloseOptions, GatewayReconnectOptions, GatewayShard } from './gateway-shard.js'
import { createSendQueue, encodePayload, replacedBy, sendsPerWindow } from './outgoing-payload.js'
import { isReady, isResumed, type Dispatch } from './payload.js'
import { ReconnectPolicy } from './reconnect-policy.js'
import type { GatewaySession } from './session.js'
import type { ShardContext, ShardOwner } from './shard-context.js'
import { StoredSession } from './stored-session.js'

/** One attempt of a shard, up to its session. Its signal aborts when the attempt is given up. */
interface Attempt {
  readonly abort: AbortController
  /** The place among the connections that are being opened. */
  place?: Leave
  /** The turn to identify. */
  turn?: Leave
}

/** One shard: its session, over as many connections as it takes. */
export class Shard implements GatewayShard {
  readonly id: number
  readonly count: number
  readonly #context: ShardContext
  readonly #owner: ShardOwner
  readonly #policy: ReconnectPolicy
  readonly #session: StoredSession
  #state: ShardState = 'idle'
  #connection: Connection | undefined
  #attempt: Attempt | undefined
  #timer: NodeJS.Timeout | undefined
  #sends: SendQueue | undefined
  #replayed = 0
  /** The URL that the user configured by `gatewayInfo`. */
  #configuredUrl: string | undefined
  /** While listeners are told of a reconnect. */
  #announcing = false
  readonly #connectionOwner: ConnectionOwner = {
    sequence: () => this.#session.live?.sequence ?? null,
    hello: () => this.#hello(),
    dispatch: (dispatch) => this.#dispatch(dispatch),
    heartbeat: (acknowledgement) => {
      this.#context.emit('heartbeat', { shardId: this.id, ...acknowledgement })
    },
    reconnectRequested: () =>
      this.#connection?.leave(leaving('server-reconnect', 'Discord asked for a reconnect', 'resume')),
    sessionInvalid: (resumable) => this.#sessionInvalid(resumable),
    ended: (disconnect) => this.#ended(disconnect),
  }
  #closed: Promise<void> | undefined
  #onFinished: (() => void) | undefined

  constructor(id: number, count: number, context: ShardContext, owner: ShardOwner) {
    this.id = id
    this.count = count
    this.#context = context
    this.#owner = owner
    this.#policy = new ReconnectPolicy(context.options, context.random)
    this.#session = new StoredSession({
      store: context.options.sessionStore,
      shardId: id,
      shardCount: count,
      log: (line) => this.#debug(line),
    })
  }

  get state(): ShardState {
    return this.#state
  }

  get ping(): number | null {
    return this.#connection?.roundTripMs ?? null
  }

  get session(): GatewaySession | null {
    return this.#session.exported
  }

  get status(): ShardStatus {
    const { id, state, ping, session } = this
    return { id, state, ping, session }
  }

  get queuedSends(): number {
    return this.#sends?.length ?? 0
  }

  /** A session to resume. */
  restore(session: GatewaySession): void {
    this.#session.restore(session)
  }

  start(): void {
    if (this.#state === 'idle') this.#connect()
  }

  async send({ op, d }: GatewaySendPayload): Promise<void> {
    return this.sendText(encodePayload(op, d), replacedBy(op))
  }

  /** @param replaces of several that wait with the same key only the latest is sent */
  sendText(text: string, replaces?: string): Promise<void> {
    if (this.#isOver) return Promise.reject(closedGateway())
    if (this.#sends === undefined) {
      this.#sends = createSendQueue(this.#context.options.maxQueuedSends)
      if (this.#state === 'ready') this.#attachSends()
    }
    return this.#sends.push(text, replaces)
  }

  reconnect({
    resume = true,
    reason = 'a reconnect was asked for',
    cause,
  }: GatewayReconnectOptions = {}): void {
    if (this.#state === 'idle' || this.#isOver) return
    if (!resume) this.#session.end()
    const disconnect = leaving(cause ?? 'requested', reason, resume ? 'resume' : 'identify')
    if (this.#connection !== undefined) this.#connection.leave(disconnect)
    else this.#recover(disconnect)
  }

  close({ keepSession = false }: GatewayCloseOptions = {}): Promise<void> {
    return this.end('close() was called', keepSession)
  }

  /** Resolves when the socket is closed and the session store has taken the end. */
  end(reason: string, keepSession: boolean): Promise<void> {
    this.#closed ??= this.#end(reason, keepSession)
    return this.#closed
  }

  async #end(reason: string, keepSession: boolean): Promise<void> {
    this.#setState('closing')
    this.#sends?.fail(closedGateway())
    this.#abandon()
    if (!keepSession) this.#session.end()
    const connection = this.#connection
    if (connection !== undefined) {
      const finished = new Promise<void>((resolve) => (this.#onFinished = resolve))
      connection.close(leaving('requested', reason, keepSession ? 'resume' : 'identify'), keepSession)
      await finished
    }
    await this.#session.written()
    this.#setState('closed')
  }

  get #isOver(): boolean {
    return this.#state === 'closing' || this.#state === 'closed'
  }

  #connect(): void {
    this.#timer = undefined
    const attempt: Attempt = { abort: new AbortController() }
    this.#attempt = attempt
    this.#setState('connecting')
    void this.#open(attempt)
  }

  async #open(attempt: Attempt): Promise<void> {
    const { signal } = attempt.abort
    const { connects, connection, identifies } = this.#context
    let step: DisconnectCause = 'session-store-failed'
    try {
      await this.#session.load(signal, this.#readyTimeoutMs)
      step = 'lookup-failed'
      const url = await this.#url(signal)
      if (this.#session.live === undefined)
        attempt.turn = await identifies.enter(this.id, signal, (waitMs) => this.#exhausted(waitMs))
      attempt.place = await connects.enter(signal)
      signal.throwIfAborted()
      step = 'connect-failed'
      this.#connection = new Connection(connection(), url, this.#readyTimeoutMs, this.#connectionOwner)
      this.#debug(`connecting to ${new URL(url).host}`)
    } catch (error) {
      if (!signal.aborted) this.#recover(failedAttempt(step, error))
    }
  }

  /** A session goes on where it was, a new one begins where Discord says. */
  async #url(signal: AbortSignal): Promise<string> {
    const { lookUp, options } = this.#context
    const { live } = this.#session
    const isConfigured = options.gatewayInfo !== undefined
    if (live !== undefined && !isConfigured) return this.#policy.resumeUrl(live, undefined)
    const { url } = await lookUp(signal)
    if (isConfigured) this.#configuredUrl = url
    return live === undefined ? url : this.#policy.resumeUrl(live, url)
  }

  #hello(): void {
    this.#attempt?.place?.()
    const { live } = this.#session
    if (live === undefined) {
      void this.#identify()
      return
    }
    this.#replayed = 0
    this.#setState('resuming')
    this.#connection?.expect('RESUMED', this.#readyTimeoutMs)
    this.#connection?.send(resumePayload(this.#context.options.token(), live.id, live.sequence))
    this.#debug(`resuming after event ${live.sequence}`)
  }

  async #identify(): Promise<void> {
    const attempt = this.#attempt
    const connection = this.#connection
    if (attempt === undefined || connection === undefined) return
    const { signal } = attempt.abort
    const { throttler, options, presence } = this.#context
    this.#setState('identifying')
    try {
      await throttler.waitForIdentify(this.id, signal)
    } catch (error) {
      if (!signal.aborted) connection.leave(failedAttempt('identify-throttler-failed', error))
      return
    }
    if (signal.aborted) return
    const { intents, properties, largeThreshold } = options
    const shard = [this.id, this.count] as const
    const fields = {
      token: options.token(),
      intents,
      shard,
      properties,
      largeThreshold,
      presence: presence(),
    }
    connection.expect('READY', this.#readyTimeoutMs)
    connection.send(identifyPayload(fields))
    attempt.turn?.()
    this.#debug('identifying')
  }

  #dispatch({ payload, raw }: Dispatch): void {
    const { emit } = this.#context
    if (isReady(payload)) {
      const { session_id: id, resume_gateway_url: url } = payload.d
      this.#session.begin(id, payload.s, url, this.#configuredUrl)
      this.#usable()
      emit('dispatch', payload, this.id, raw)
      // Unless a listener has closed the gateway.
      if (this.state === 'ready') emit('ready', payload.d, this.id)
    } else {
      const { live } = this.#session
      const ends = this.#state === 'resuming' && isResumed(payload)
      const isNew = live !== undefined && payload.s > live.sequence
      // A replay may begin with events that were dispatched before. RESUMED counts whatever its sequence is.
      if (!isNew && !ends) return
      if (isNew) this.#session.advance(payload.s)
      if (ends) this.#usable()
      else if (this.#state === 'resuming') this.#replaying()
      emit('dispatch', payload, this.id, raw)
      if (ends && this.state === 'ready') emit('resumed', { shardId: this.id, replayed: this.#replayed })
    }
    this.#session.save()
  }

  #replaying(): void {
    this.#replayed += 1
    this.#connection?.progressed()
  }

  #sessionInvalid(resumable: boolean): void {
    // "Wait a random amount of time, between 1 and 5 seconds, then send a fresh Identify."
    const waitMs = resumable ? 0 : Math.round(1_000 + this.#context.random() * 4_000)
    const reason = `Discord invalidated the ${resumable ? 'connection, not its session' : 'session'}`
    this.#connection?.leave({
      ...leaving('invalid-session', reason, resumable ? 'resume' : 'identify'),
      waitMs,
    })
  }

  #ended(disconnect: Disconnect): void {
    this.#connection = undefined
    this.#sends?.detach()
    if (this.#onFinished === undefined) {
      this.#recover(disconnect)
      return
    }
    this.#context.emit('disconnected', this.#disconnected(disconnect))
    this.#onFinished()
  }

  #recover(disconnect: Disconnect): void {
    this.#abandon()
    const { emit } = this.#context
    const next = this.#policy.after(disconnect, this.#session.live, this.#state)
    const disconnected = this.#disconnected(disconnect)
    if (next.kind === 'give up') {
      emit('disconnected', disconnected)
      this.#owner.failed(next.error)
      return
    }
    const { resume, delayMs, attempt } = next
    if (!resume) this.#session.end()
    this.#timer = setTimeout(() => this.#connect(), delayMs)
    this.#setState('waiting')
    // A listener that asks for a reconnect, such as by a change of the proxy, changes the delay only.
    if (this.#announcing) return
    this.#announcing = true
    emit('disconnected', disconnected)
    if (this.state === 'waiting') emit('reconnecting', { ...disconnected, delayMs, attempt, resume })
    this.#announcing = false
  }

  #disconnected({ cause, reason, error, closeCode, closeReason = '' }: Disconnect): GatewayDisconnected {
    return { shardId: this.id, cause, reason, error, closeCode: closeCode ?? null, closeReason }
  }

  get #readyTimeoutMs(): number {
    const { gatewayRuntimeReadyTimeoutMs, gatewayReadyTimeoutMs } = this.#context.options
    return this.#policy.wasReady ? gatewayRuntimeReadyTimeoutMs : gatewayReadyTimeoutMs
  }

  #usable(): void {
    this.#attempt = undefined
    this.#policy.ready()
    this.#connection?.expected()
    this.#setState('ready')
    this.#attachSends()
  }

  #attachSends(): void {
    const connection = this.#connection
    if (connection === undefined) return
    const perWindow = sendsPerWindow(connection.heartbeatIntervalMs)
    this.#sends?.attach(perWindow, (text, flushed) => connection.send(text, flushed))
  }

  #abandon(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#attempt?.abort.abort(new Error('the attempt was given up'))
    this.#attempt = undefined
  }

  #exhausted(waitMs: number): void {
    this.#debug(`the session starts of today are used up: identifying in ${Math.ceil(waitMs / 1000)} s`)
  }

  #setState(state: ShardState): void {
    if (this.#state === state) return
    this.#state = state
    this.#owner.changed()
  }

  #debug(message: string): void {
    this.#context.emit('debug', message, this.id)
  }
}

/** An attempt that failed before its session, in one of the steps that this client takes itself. */
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
