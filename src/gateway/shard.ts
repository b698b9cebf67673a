import type { GatewayDispatchPayload } from 'discord-api-types/v10'
import { ConnectAttempt } from './connect-attempt.js'
import { Connection, type ConnectionOwner } from './connection.js'
import { asked, type Disconnect } from './disconnect.js'
import type { ShardState, ShardStatus } from './events.js'
import { closedGateway, GatewayError } from './gateway-error.js'
import { identifyPayload, resumePayload } from './handshake.js'
import { isReady, isResumed } from './payload.js'
import { ReconnectPolicy } from './reconnect-policy.js'
import { SendQueue } from '../reconnect/send-queue.js'
import { beginSession, type GatewaySession, type LiveSession } from './session.js'
import type { ShardContext, ShardOwner } from './shard-context.js'

/** One shard: its session, over as many connections as it takes. */
export class Shard implements ConnectionOwner {
  readonly id: number
  readonly count: number
  readonly #context: ShardContext
  readonly #owner: ShardOwner
  readonly #policy: ReconnectPolicy
  #state: ShardState = 'idle'
  #session: LiveSession | undefined
  #connection: Connection | undefined
  #attempt: ConnectAttempt | undefined
  #timer: NodeJS.Timeout | undefined
  #sends: SendQueue | undefined
  #replayed = 0
  /** While listeners are told of a reconnect. */
  #announcing = false
  #onClosed: (() => void) | undefined

  constructor(id: number, count: number, context: ShardContext, owner: ShardOwner) {
    this.id = id
    this.count = count
    this.#context = context
    this.#owner = owner
    this.#policy = new ReconnectPolicy(context.options, context.random)
  }

  get state(): ShardState {
    return this.#state
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
    if (this.#sends === undefined) {
      this.#sends = new SendQueue(this.#context.options.maxQueuedSends)
      if (this.#state === 'ready') this.#attachSends()
    }
    return this.#sends.push(text, replaces)
  }

  /** Leaves the connection and opens another at once. */
  reconnect(reason: string, resume: boolean): void {
    if (this.#state === 'idle' || this.#state === 'closing' || this.#state === 'closed') return
    if (!resume) this.#session = undefined
    const disconnect: Disconnect = { ...asked(reason, resume ? 'resume' : 'identify'), wanted: true }
    if (this.#connection !== undefined) this.#connection.leave(disconnect)
    else this.#recover(disconnect)
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

  hello(): void {
    this.#attempt?.connected()
    if (this.#session === undefined) void this.#identify()
    else this.#resume(this.#session)
  }

  dispatch(payload: GatewayDispatchPayload): void {
    const session = this.#session
    if (isReady(payload)) {
      this.#session = beginSession(payload.d, payload.s)
      this.#usable()
      this.#owner.dispatch(payload, this.id)
      // Unless a listener has closed the gateway.
      if (this.state === 'ready') this.#owner.ready(payload.d, this.id)
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
      if (this.state === 'ready') this.#owner.resumed({ shardId: this.id, replayed: this.#replayed })
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
    this.#connection = undefined
    this.#sends?.detach()
    if (this.#state === 'closing') this.#finish()
    else this.#recover(disconnect)
  }

  #recover(disconnect: Disconnect): void {
    this.#abandon()
    const next = this.#policy.after(disconnect, this.#session, this.#state)
    if (next.kind === 'give up') {
      this.#owner.failed(next.error)
      return
    }
    const { resume, delayMs, attempt } = next
    if (!resume) this.#session = undefined
    this.#timer = setTimeout(() => this.#connect(), delayMs)
    this.#setState('waiting')
    // A listener that asks for a reconnect of its own, as by a change of proxy, changes the delay only.
    if (this.#announcing) return
    this.#announcing = true
    const { reason, error, closeCode } = disconnect
    this.#owner.reconnecting({ shardId: this.id, reason, error, closeCode, delayMs, attempt, resume })
    this.#announcing = false
  }

  #connect(): void {
    this.#timer = undefined
    this.#attempt = new ConnectAttempt()
    this.#setState('connecting')
    void this.#open(this.#attempt)
  }

  async #open(attempt: ConnectAttempt): Promise<void> {
    const { connects, connection, info } = this.#context
    try {
      const session = this.#session
      const url = session === undefined ? (await info.get()).url : this.#policy.resumeUrl(session)
      await attempt.enter(connects)
      if (attempt.abandoned) return
      this.#connection = new Connection(connection(), url, this.#readyTimeoutMs, this)
      this.#debug(`connecting to ${new URL(url).host}`)
    } catch (error) {
      if (attempt.abandoned) return
      const cause = error instanceof Error ? error : new Error(String(error))
      // A token that Discord refused is not asked for again and again.
      const recovery = cause instanceof GatewayError ? 'fatal' : 'resume'
      this.#recover({ reason: cause.message, error: cause, closeCode: null, recovery })
    }
  }

  async #identify(): Promise<void> {
    const attempt = this.#attempt
    const connection = this.#connection
    if (attempt === undefined || connection === undefined) return
    this.#setState('identifying')
    const { identifies, options, presence } = this.#context
    try {
      await identifies.turn(this.id, attempt.signal)
    } catch {
      return
    }
    if (attempt.abandoned) return
    connection.expect('READY', this.#readyTimeoutMs)
    connection.send(identifyPayload(options, [this.id, this.count], presence()))
    this.#debug('identifying')
  }

  #resume({ id, sequence }: LiveSession): void {
    this.#replayed = 0
    this.#setState('resuming')
    this.#connection?.expect('RESUMED', this.#readyTimeoutMs)
    this.#connection?.send(resumePayload(this.#context.options.token, id, sequence))
    this.#debug(`resuming after event ${sequence}`)
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
    this.#sends?.attach(connection.heartbeatIntervalMs, (text, flushed) => connection.send(text, flushed))
  }

  #abandon(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#attempt?.abandon()
    this.#attempt = undefined
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

  #debug(message: string): void {
    this.#owner.debug(message, this.id)
  }
}
