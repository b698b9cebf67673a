import { EventEmitter } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { errors, type Dispatcher } from 'undici'
import { currentHandler } from './legacy-handler.js'
import { Http2Exchange } from './exchange.js'
import { JsStream } from './js-stream.js'

/** RFC 9113 §6.5.2 recommends that a server allow no fewer. */
const MAX_STREAMS = 100

/** Bytes under way in one response: 64 KiB, the protocol's default, is 1.3 MB/s at 50 ms of round trip. */
const STREAM_WINDOW = 1024 * 1024
/** In all responses together: one that nobody reads must not hold up the others. */
const SESSION_WINDOW = 16 * STREAM_WINDOW

/** A session that has been silent for so long is asked whether it is still there while a request is put on it. */
const SUSPECT_AFTER_MS = 5_000
const PING_TIMEOUT_MS = 5_000

/** In milliseconds. */
export interface Http2Limits {
  /** For which a session is kept that carries nothing. */
  readonly keepAliveMs: number
  /** Of silence of the server's, after which a request is given up. */
  readonly silenceMs: number
}

/**
 * HTTP/2 on one tunnel, many requests at a time.
 *
 * undici's own is experimental in its version 7. Measured there: one POST at a time on each tunnel; requests that
 * are never answered after a lost connection with an upload on it; a GOAWAY that breaks off what the server would
 * still have answered; a TypeError thrown into the process where the socket vanishes. Nothing here repeats a
 * request: each fails, or is answered, once.
 *
 * Events as of an undici Client: `drain` when it can take requests again or has none left, `disconnect` when it is
 * of no more use. And `full` when it takes no more for now.
 */
export class Http2Client extends EventEmitter<{ drain: []; disconnect: []; full: [] }> {
  readonly #session: ClientHttp2Session
  readonly #socket: Socket
  readonly #origin: URL
  readonly #limits: Http2Limits
  readonly #exchanges = new Set<Http2Exchange>()
  readonly #closed: Promise<void>
  #heardAt = performance.now()
  #idle: NodeJS.Timeout | undefined
  #cause: Error | undefined
  /** The server has said GOAWAY, or we want to: what is under way ends here, nothing new begins. */
  #leaving = false
  #full = false
  #gone = false

  /** @param socket TLS on which `h2` was negotiated */
  constructor(origin: URL, socket: Socket, limits: Http2Limits) {
    super()
    this.#origin = origin
    this.#socket = socket
    this.#limits = limits
    this.#session = connect(origin, {
      createConnection: () => new JsStream(socket),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      peerMaxConcurrentStreams: MAX_STREAMS,
      // Of what is queued; its default of 10 MB refuses streams while uploads wait for the peer's window.
      maxSessionMemory: 256,
    })
    this.#session.once('connect', () => this.#session.setLocalWindowSize(SESSION_WINDOW))
    this.#session.on('error', (error: Error) => (this.#cause ??= error))
    // A session would go on to take requests until it has closed, and wait for streams that nobody answers.
    socket.on('error', (error: Error) => this.#drop(error))
    socket.once('end', () => this.#drop(new errors.SocketError('other side closed')))
    socket.once('close', () => this.#drop(new errors.SocketError('closed')))
    this.#session.on('goaway', () => this.#leave())
    this.#session.on('remoteSettings', () => this.#changed())
    this.#closed = new Promise((resolve) => {
      this.#session.once('close', () => {
        this.#over()
        resolve()
      })
    })
    this.#changed()
  }

  get stats(): { readonly size: number; readonly connected: boolean } {
    return { size: this.#exchanges.size, connected: !this.#gone }
  }

  /**
   * @param again takes a request back that the server has not begun, and says whether it did: the handler has
   *   then heard of a start, and will hear of another
   * @returns false where it takes no further request for now
   */
  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    again: () => boolean,
  ): boolean {
    // Known here before it is announced: the pool must not go on giving requests to it.
    if (this.#session.destroyed || this.#session.closed) {
      this.#over()
      if (again()) return false
    }
    const exchange = new Http2Exchange(options, currentHandler(handler), {
      again,
      lost: () => this.#cause ?? new errors.SocketError('closed'),
      onHeard: () => (this.#heardAt = performance.now()),
      // The tunnel is dead, as far as anybody can tell: what is sent from now on takes another.
      onLate: (askedAt) => {
        if (this.#heardAt < askedAt) this.#leave()
      },
      silenceMs: this.#limits.silenceMs,
      onOver: () => {
        this.#exchanges.delete(exchange)
        this.#changed()
      },
    })
    // Behind an upload that fills a slow line, the answer to a PING may take long.
    const idleMs = this.#exchanges.size === 0 ? performance.now() - this.#heardAt : 0
    this.#exchanges.add(exchange)
    this.#changed()
    exchange.start(this.#session, this.#origin)
    if (idleMs > SUSPECT_AFTER_MS && !this.#session.destroyed) this.#ask()
    return !this.#full
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#leave()
    await this.#closed
  }

  /** Ends it at once; what is under way fails with `error`. */
  async destroy(error?: Error | null): Promise<void> {
    this.#drop(error ?? new errors.ClientDestroyedError())
    await this.#closed
  }

  #leave(): void {
    this.#leaving = true
    // Graceful: the session closes with its last stream.
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
    this.#changed()
  }

  /** Requests have come or gone, or the server has changed its mind about their number. */
  #changed(): void {
    const { size } = this.#exchanges
    const wasFull = this.#full
    const limit = this.#session.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS
    this.#full = this.#leaving || size >= Math.min(MAX_STREAMS, Math.max(1, limit))
    clearTimeout(this.#idle)
    if (size > 0) {
      if (!this.#session.destroyed) this.#session.ref()
    } else if (!this.#session.destroyed) {
      this.#session.unref()
      this.#idle = setTimeout(() => this.#leave(), this.#limits.keepAliveMs).unref()
    }
    if (this.#leaving && size === 0) this.#socket.destroySoon()
    if (this.#full && !wasFull) this.emit('full')
    if (!this.#leaving && !this.#session.destroyed && ((wasFull && !this.#full) || size === 0))
      this.emit('drain')
  }

  /** RFC 9113 §6.7: a peer must answer a PING, and before everything else. */
  #ask(): void {
    const timer = setTimeout(() => {
      this.#drop(new errors.SocketError('no answer to a PING'))
    }, PING_TIMEOUT_MS).unref()
    const asked = this.#session.ping(() => {
      clearTimeout(timer)
      this.#heardAt = performance.now()
    })
    if (!asked) clearTimeout(timer)
  }

  #drop(cause: Error): void {
    this.#cause ??= cause
    // With an error: without one, Node ends the streams as if their answers were complete.
    this.#session.destroy(this.#cause)
    // A session that was closed before would only end its socket, and wait for a peer that may keep silent.
    this.#socket.destroy()
    this.#over()
  }

  #over(): void {
    clearTimeout(this.#idle)
    this.#leaving = true
    this.#full = true
    if (this.#gone) return
    this.#gone = true
    this.#cause ??= new errors.SocketError('closed')
    for (const exchange of this.#exchanges) exchange.onLost()
    this.#exchanges.clear()
    this.emit('disconnect')
  }
}
