import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { guarded } from '../../reconnect/guarded.js'
import type { RequestOptions } from './calls.js'
import { Engine, type ConnectOptions } from './engine.js'
import { EventStream } from './event-stream.js'
import type { OpenClawEvents, StreamName } from './events.js'
import type {
  ChatHistory,
  OpenClawMethods,
  RequestParams,
  RunStarted,
  SessionsCreated,
  SessionsCreateParams,
  SessionsList,
  SessionsListParams,
} from './methods.js'
import { closedClient, OpenClawError } from './openclaw-error.js'
import { parseClientOptions, type OpenClawClientOptions } from './options.js'
import type { Reply, Run } from './reply.js'
import type { HelloOk } from './wire/hello.js'

/** How long to wait for the reply of a run. */
export interface ReplyOptions {
  /** Milliseconds. Default: 600 000. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const REPLY_MS = 600_000

/**
 * A client of the gateway of OpenClaw, its control plane: https://docs.openclaw.ai/gateway/protocol
 *
 * `connect()` opens it. From then on it stays connected: it reconnects with back-off and jitter, subscribes again, reads
 * again what it missed, and sends again only what carries an idempotency key.
 */
export class OpenClawGatewayClient extends EventEmitter<OpenClawEvents> implements AsyncDisposable {
  readonly #engine: Engine

  /**
   * Opens nothing.
   *
   * @throws TransportError ERR_INVALID_OPTIONS, which names the option
   */
  constructor(options: OpenClawClientOptions = {}, random: () => number = Math.random) {
    super()
    // Each stream is one more, and no leak.
    this.setMaxListeners(0)
    this.#engine = new Engine(parseClientOptions(options), random, (name, ...values) => {
      // EventEmitter throws an error that nobody listens to.
      if (name === 'error' && this.listenerCount('error') === 0) return false
      return guarded(() => this.emit(name, ...values))
    })
  }

  /** Whether requests go out at once. */
  get connected(): boolean {
    return this.#engine.connected
  }

  /** What the gateway said at the latest handshake; null before the first. Its secrets are hidden from inspection. */
  get hello(): HelloOk | null {
    return this.#engine.hello
  }

  /**
   * Opens the connection, and keeps it. Resolves when the handshake and the subscriptions are done. A gateway that is
   * starting is waited for.
   *
   * @throws OpenClawError for what the gateway refuses: a wrong secret, a device that has to be approved, scopes
   * @throws TransportError where the way to the gateway fails
   */
  connect(options: ConnectOptions = {}): Promise<HelloOk> {
    return this.#engine.connect(options)
  }

  /** Ends the connection. What waits for an answer fails. Resolves when the socket is closed. */
  disconnect(): Promise<void> {
    return this.#engine.disconnect()
  }

  /** `disconnect()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }

  /**
   * Sends a request. While the client reconnects, it waits. A request whose connection ends before the answer fails with
   * `sent: 'maybe'`, or is sent again if it has an idempotency key.
   *
   * @throws OpenClawError
   * @throws the reason of `options.signal`
   */
  request<Method extends keyof OpenClawMethods>(
    method: Method,
    params?: RequestParams<Method>,
    options?: RequestOptions,
  ): Promise<OpenClawMethods[Method]['result']>
  request(method: string, params?: object, options?: RequestOptions): Promise<unknown>
  request(method: string, params: object = {}, options: RequestOptions = {}): Promise<unknown> {
    return this.#engine.ask(method, { ...params }, options)
  }

  /** The sessions: `sessions.list`. */
  sessionsList(params: SessionsListParams = {}): Promise<SessionsList> {
    return this.request('sessions.list', params)
  }

  /** Creates a session, and with `task` or `message` begins a run: `sessions.create`. */
  async sessionsSpawn(
    params: SessionsCreateParams = {},
    options: RequestOptions = {},
  ): Promise<SessionsCreated & { sessionKey: string }> {
    const created = await this.request('sessions.create', params, options)
    // Its run may have ended already: reply() looks into the history first.
    return { ...created, sessionKey: created.key }
  }

  /** Sends a message into a session: `sessions.send`, with an idempotency key. `reply()` waits for the answer. */
  async sessionsSend(key: string, message: string, options: RequestOptions = {}): Promise<RunStarted & Run> {
    const runId = options.idempotencyKey ?? randomUUID()
    const send = () => this.request('sessions.send', { key, message }, { ...options, idempotencyKey: runId })
    this.#engine.runs.track({ runId, sessionKey: key }, send)
    try {
      const started = await send()
      return { ...started, sessionKey: key }
    } catch (error) {
      this.#engine.runs.forget(runId)
      throw error
    }
  }

  /** The messages of a session, the newest last: `chat.history`. A session that does not exist has none. */
  sessionsHistory(key: string, limit?: number): Promise<ChatHistory> {
    return this.request('chat.history', { sessionKey: key, ...(limit === undefined ? {} : { limit }) })
  }

  /** Stops what a session is doing: `sessions.abort`. */
  sessionsKill(key: string): Promise<OpenClawMethods['sessions.abort']['result']> {
    return this.request('sessions.abort', { key })
  }

  /**
   * Waits for the answer to one's own message, also where another run gives it because the session was busy.
   *
   * @param run what `sessionsSend` or `sessionsSpawn` gave
   * @throws OpenClawError ERR_OPENCLAW_RUN if the run failed or was stopped, ERR_OPENCLAW_TIMEOUT
   */
  async reply(
    run: { readonly runId?: string | undefined; readonly sessionKey: string },
    { timeoutMs = REPLY_MS, signal }: ReplyOptions = {},
  ): Promise<Reply> {
    const { runId, sessionKey } = run
    if (runId === undefined) throw noRun(sessionKey)
    const ended = new AbortController()
    const stop = this.#engine.untilEnd((error) => ended.abort(error ?? closedClient(true)))
    const timer = setTimeout(() => ended.abort(noReply(sessionKey, timeoutMs)), timeoutMs)
    try {
      const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal])
      return await this.#engine.runs.reply({ runId, sessionKey }, either)
    } finally {
      clearTimeout(timer)
      stop()
    }
  }

  /**
   * Events as an async iterator, from now on. It ends with `disconnect()`; leaving the loop ends it too.
   *
   * @throws OpenClawError ERR_OPENCLAW_STREAM in the loop, if it is 10 000 events behind
   */
  stream<Name extends StreamName>(
    name: Name,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncIterableIterator<OpenClawEvents[Name][0]>
  stream(
    name: StreamName,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncIterableIterator<unknown> {
    const push = (event: unknown): void => events.push(event)
    const end = (): void => events.end()
    const events = new EventStream<unknown>(() => {
      stop()
      this.off(name, push)
      signal?.removeEventListener('abort', end)
    })
    let stop = (): void => undefined
    this.on(name, push)
    stop = this.#engine.untilEnd((error) => events.end(error ?? undefined))
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
    return events
  }

  /** No secret. */
  toJSON(): Record<string, unknown> {
    const { server, auth } = this.hello ?? {}
    return {
      name: 'OpenClawGatewayClient',
      connected: this.connected,
      gateway: server?.version ?? null,
      scopes: auth?.scopes ?? [],
    }
  }

  /** The state of the connection; never a secret. */
  [inspect.custom](): Record<string, unknown> {
    return this.toJSON()
  }
}

function noRun(sessionKey: string): OpenClawError {
  return new OpenClawError(`No run was started in ${sessionKey}, so there is no answer to wait for`, {
    code: 'ERR_OPENCLAW_RUN',
    reason: 'not-started',
    hint: 'Give the session a task or a message; runError of the answer says why it did not start.',
  })
}

function noReply(sessionKey: string, ms: number): OpenClawError {
  return new OpenClawError(`No answer in ${sessionKey} within ${ms} ms; the run may go on`, {
    code: 'ERR_OPENCLAW_TIMEOUT',
    hint: 'Give more timeoutMs, or stop the run: sessionsKill(key).',
    retryable: true,
    sent: 'maybe',
  })
}
