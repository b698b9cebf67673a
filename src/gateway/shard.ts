import type { GatewaySendPayload } from 'discord-api-types/v10'
import type { SendQueue } from '../reconnect/send-queue.js'
import { ConnectAttempt, type AttemptOwner } from './connect-attempt.js'
import type { Connection, ConnectionOwner } from './connection.js'
import { leaseEnded, leaving, type Disconnect } from './disconnect.js'
import type { GatewayDisconnected, ShardState, ShardStatus } from './events.js'
import { closedGateway } from './gateway-error.js'
import type { GatewayCloseOptions, GatewayReconnectOptions, GatewayShard } from './gateway-shard.js'
import { createSendQueue, encodePayload, replacedBy, sendsPerWindow } from './outgoing-payload.js'
import { isReady, isResumed, type Dispatch } from './payload.js'
import { ReconnectWait } from './reconnect-wait.js'
import { ReconnectPolicy } from './reconnect-policy.js'
import type { GatewaySession } from './session.js'
import type { ShardContext, ShardOwner } from './shard-context.js'
import { StoredSession } from './stored-session.js'

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
  #attempt: ConnectAttempt | undefined
  readonly #wait = new ReconnectWait((proxyReturned) => {
    if (proxyReturned) this.#policy.proxyReturned()
    this.#connect()
  })
  #sends: SendQueue | undefined
  #replayed = 0
  /** While listeners are told of a reconnect. */
  #announcing = false
  readonly #connectionOwner: ConnectionOwner = {
    sequence: () => this.#session.live?.sequence ?? null,
    hello: () => this.#attempt?.hello(),
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
    return this.#sends.push(text, { replaces })
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

  close({
    keepSession = this.#context.options.fleet !== undefined,
  }: GatewayCloseOptions = {}): Promise<void> {
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
    this.#attempt = new ConnectAttempt(this.#context, this.#attemptOwner())
    this.#setState('connecting')
    void this.#attempt.open()
  }

  #attemptOwner(): AttemptOwner {
    return {
      id: this.id,
      count: this.count,
      session: this.#session,
      policy: this.#policy,
      connectionOwner: this.#connectionOwner,
      opened: (connection) => (this.#connection = connection),
      began: (what) => {
        this.#replayed = 0
        this.#setState(what)
      },
      failed: (disconnect) => this.#recover(disconnect),
      debug: (line) => this.#debug(line),
    }
  }

  #dispatch({ payload, raw }: Dispatch): void {
    const { emit, holds } = this.#context
    if (!holds(this.id)) {
      this.#connection?.leave(leaseEnded(isReady(payload) ? 'identify' : 'resume'))
      return
    }
    if (isReady(payload)) {
      const { session_id: id, resume_gateway_url: url } = payload.d
      this.#session.begin(id, payload.s, url)
      this.#usable()
      emit('dispatch', payload, this.id, raw, this.#session.info(payload.s))
      // Unless a listener has closed the gateway.
      if (this.state === 'ready') emit('ready', payload.d, this.id)
    } else {
      const { live } = this.#session
      const ends = this.#state === 'resuming' && isResumed(payload)
      const isNew = live !== undefined && payload.s > live.sequence
      // A replay may begin with events that were dispatched before. RESUMED counts whatever its sequence is.
      if (!isNew && !ends) return
      if (isNew) this.#session.advance(payload.s)
      if (ends && this.#session.isUncertain) this.#connection?.confirm(() => this.#session.replayEnded())
      if (ends) this.#usable()
      else if (this.#state === 'resuming') this.#replaying()
      emit('dispatch', payload, this.id, raw, this.#session.info(payload.s))
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
    const { onProxyReturn } = this.#context.links
    const awaitsProxy = this.#wait.begin(next, disconnect.error, onProxyReturn)
    this.#setState('waiting')
    // A listener that asks for a reconnect, such as by a change of the proxy, changes the delay only.
    if (this.#announcing) return
    this.#announcing = true
    emit('disconnected', disconnected)
    if (this.state === 'waiting')
      emit('reconnecting', { ...disconnected, delayMs, awaitsProxy, attempt, resume })
    this.#announcing = false
  }

  #disconnected({ cause, reason, error, closeCode, closeReason = '' }: Disconnect): GatewayDisconnected {
    return { shardId: this.id, cause, reason, error, closeCode: closeCode ?? null, closeReason }
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
    this.#wait.end()
    this.#attempt?.abandon()
    this.#attempt = undefined
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
