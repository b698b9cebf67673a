import { toError } from '../../errors.js'
import { unlessAborted } from '../../reconnect/abortable.js'
import { Calls, type RequestOptions } from './calls.js'
import type { Emit, Gap, Reload } from './events.js'
import { Link } from './link.js'
import { closedClient, OpenClawError } from './openclaw-error.js'
import type { ClientSettings } from './options.js'
import type { NextStep } from './reconnects.js'
import { Runs } from './runs.js'
import { Subscriptions } from './subscriptions.js'
import { fieldsOf, type EventFrame, type Fields } from './wire/frames.js'
import type { HelloOk } from './wire/hello.js'
import { readAgain } from './reload.js'
import { tellEvent } from './tell-event.js'

/** How long `connect()` waits. */
export interface ConnectOptions {
  /** Milliseconds in which a gateway that is starting may come up. Default: 20 000. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const CONNECT_MS = 20_000
/** OpenClaw's own, until the gateway says otherwise. */
const MAX_PAYLOAD = 26_214_400
/** Messages of a history in which the answer to a message of this client is looked for. */
const HISTORY_LIMIT = 200

/** One span from `connect()` to `disconnect()`. */
interface Span {
  readonly link: Link
  readonly connecting: Promise<HelloOk>
  readonly settle: { readonly resolve: (hello: HelloOk) => void; readonly reject: (error: Error) => void }
  /** Of the latest attempt. */
  error: Error | undefined
  /** Whether it has been connected, all subscriptions included. */
  wasReady: boolean
}

/** What a client does by itself: connections, requests, subscriptions, and the repair of what was missed. */
export class Engine {
  readonly runs = new Runs(async (sessionKey) =>
    fieldsOf(await this.ask('chat.history', { sessionKey, limit: HISTORY_LIMIT })),
  )
  readonly #settings: ClientSettings
  readonly #random: () => number
  readonly #emit: Emit
  readonly #calls = new Calls(() => this.#hello?.policy.maxPayload ?? MAX_PAYLOAD)
  readonly #subscriptions: Subscriptions
  /** Who waits for something and is told when the client ends. */
  readonly #waiting = new Set<(error: Error | null) => void>()
  #span: Span | undefined
  #hello: HelloOk | null = null
  #connected = false
  #called = false
  #sequence = 0
  #closing: Promise<void> | undefined

  constructor(settings: ClientSettings, random: () => number, emit: Emit) {
    this.#settings = settings
    this.#random = random
    this.#emit = emit
    this.#subscriptions = new Subscriptions(settings.subscriptions)
  }

  get connected(): boolean {
    return this.#connected
  }

  get hello(): HelloOk | null {
    return this.#hello
  }

  async connect({ timeoutMs = CONNECT_MS, signal }: ConnectOptions): Promise<HelloOk> {
    await this.#closing
    this.#called = true
    this.#span ??= this.#open()
    const span = this.#span
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(span.error ?? notInTime(timeoutMs)), timeoutMs)
    const either = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal])
    try {
      return await unlessAborted(span.connecting, either)
    } catch (error) {
      if (this.#span === span && !span.wasReady) await this.disconnect()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async disconnect(): Promise<void> {
    const span = this.#span
    if (span !== undefined) this.#closing ??= this.#end(span, null, closedClient(true))
    await this.#closing
  }

  /** One request. */
  async ask(method: string, params: Fields, options: RequestOptions = {}): Promise<unknown> {
    if (this.#span === undefined || this.#closing !== undefined) throw closedClient(this.#called)
    const timeoutMs = options.timeoutMs ?? this.#settings.requestTimeoutMs
    const payload = await this.#calls.send(method, params, { ...options, timeoutMs })
    this.#subscriptions.sent(method, params)
    return payload
  }

  /**
   * Tells when the client ends: with the error, or with null after `disconnect()`.
   *
   * @returns ends the wait
   */
  untilEnd(ended: (error: Error | null) => void): () => void {
    if (this.#span === undefined) ended(closedClient(this.#called))
    this.#waiting.add(ended)
    return () => this.#waiting.delete(ended)
  }

  #open(): Span {
    let settle: Span['settle'] | undefined
    const connecting = new Promise<HelloOk>((resolve, reject) => (settle = { resolve, reject }))
    // It is awaited by connect(), which may have given up.
    connecting.catch(() => undefined)
    if (settle === undefined) throw new TypeError('a promise runs its executor at once')
    const link = new Link(
      this.#settings,
      {
        opened: (url) => this.#emit('connected', { url }),
        ready: (hello) => this.#ready(hello),
        event: (event) => this.#event(event),
        response: (response) => this.#calls.answer(response),
        down: (error, next, wasReady) => this.#down(error, next, wasReady),
      },
      this.#random,
    )
    link.start()
    return { link, connecting, settle, error: undefined, wasReady: false }
  }

  #ready(hello: HelloOk): void {
    const span = this.#span
    if (span === undefined) return
    const before = this.#hello?.server.bootId
    this.#hello = hello
    this.#sequence = 0
    this.#connected = true
    this.#calls.attach((text, flushed) => span.link.send(text, flushed))
    this.#emit('authenticated', hello)
    const { bootId, version } = hello.server
    if (before !== undefined && bootId !== undefined && bootId !== before) {
      this.#emit('restarted', { bootId, previousBootId: before, version })
      this.runs.restarted()
    }
    this.#settle(span, hello).catch((error: unknown) => this.#trouble(error))
  }

  /** Subscribes, and after a reconnect reads again. */
  async #settle(span: Span, hello: HelloOk): Promise<void> {
    try {
      await span.link.saved()
      await this.#subscriptions.restore((method, params) => this.#onThis(hello, method, params))
    } catch (error) {
      if (this.#hello !== hello || !this.#connected) return
      span.settle.reject(toError(error))
      throw error
    }
    if (span.wasReady) await this.#reload('reconnect')
    span.wasReady = true
    span.settle.resolve(hello)
  }

  /** A request for this connection only: the next one makes its own. */
  #onThis(hello: HelloOk, method: string, params: Fields): Promise<unknown> {
    return this.#hello === hello ? this.ask(method, params) : Promise.resolve(undefined)
  }

  #event(frame: EventFrame): void {
    const { seq } = frame
    if (seq !== null) {
      const expected = this.#sequence + 1
      this.#sequence = seq
      if (seq > expected) this.#gap({ expected, received: seq, missed: seq - expected })
    }
    if (frame.event === 'chat') this.runs.event(frame.payload)
    tellEvent(this.#emit, frame)
  }

  #gap(gap: Gap): void {
    this.#emit('gap', gap)
    this.#reload('gap').catch((error: unknown) => this.#trouble(error))
  }

  /** What was missed is read: answers that are waited for, sessions and messages that are subscribed to. */
  async #reload(cause: Reload['cause']): Promise<void> {
    this.runs.lookAgain()
    const payload = await readAgain(cause, this.#subscriptions, (method, params) => this.ask(method, params))
    if (payload !== undefined) this.#emit('session', { event: 'reload', payload })
  }

  #down(error: Error, next: NextStep, wasReady: boolean): void {
    const span = this.#span
    if (span === undefined) return
    span.error = error
    this.#connected = false
    if (next.kind === 'give up') {
      this.#closing ??= this.#end(span, next.error, next.error)
      return
    }
    if (wasReady) this.#calls.detach(error)
    const { delayMs, attempt } = next
    this.#emit('disconnected', { reason: error.message, error, willReconnect: true, delayMs, attempt })
  }

  /** @param error null if nothing failed */
  async #end(span: Span, error: Error | null, failure: Error): Promise<void> {
    const wasOpen = this.#connected || error !== null
    this.#connected = false
    this.#calls.fail(failure)
    this.runs.stop()
    span.settle.reject(failure)
    try {
      await span.link.stop()
    } catch (problem) {
      this.#trouble(problem)
    }
    this.#span = undefined
    this.#closing = undefined
    for (const ended of [...this.#waiting]) ended(error)
    const reason = error?.message ?? 'disconnect() was called'
    if (wasOpen) this.#emit('disconnected', { reason, error, willReconnect: false, delayMs: 0, attempt: 0 })
    if (error !== null) this.#emit('error', error)
  }

  /** Something that the client does by itself failed. A connection that ended meanwhile is told as such. */
  #trouble(error: unknown): void {
    if (this.#connected) this.#emit('error', toError(error))
  }
}

function notInTime(ms: number): OpenClawError {
  return new OpenClawError(`The OpenClaw gateway did not finish the handshake within ${ms} ms`, {
    code: 'ERR_OPENCLAW_TIMEOUT',
    hint: 'Check that the gateway runs: openclaw gateway status. Give more timeoutMs where it starts slowly.',
    retryable: true,
    method: 'connect',
  })
}
