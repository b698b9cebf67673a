import type { Socket } from 'node:net'
import { Client, type buildConnector } from 'undici'
import { toError } from '../errors.js'
import { connectionLost } from '../tunnel/failures.js'
import type { Via } from '../tunnel/fault.js'
import type { ForwardProxy, HttpConnection } from '../tunnel/index.js'
import { OWN_SOCKET } from '../tunnel/own-connections.js'
import type { StatsCounter } from '../tunnel/stats.js'
import { forwardedOptions } from './forwarded-options.js'
import { watchIdle } from './idle-watch.js'
import type { TunnelRequest } from './tunnel-request.js'

/**
 * A tunnel may be lost in the moment in which its request comes, and is then opened once more. A second one that is
 * lost in this way means that the route is broken.
 */
const MAX_TRIES = 2

/** What all lanes of an origin have in common. */
export interface LaneContext {
  readonly origin: URL
  /** Milliseconds for which an idle tunnel is kept; at least 1. */
  readonly keepAliveMs: number
  /** Milliseconds without a byte of the answer after which a request fails. */
  readonly silenceMs: number
  readonly stats: StatsCounter
  /** Opens another tunnel in place of one that ended between two requests. */
  readonly reopen: () => Promise<HttpConnection>
  /** The request is over, and the lane takes the next one. */
  readonly onIdle: (lane: Lane) => void
  /** The lane has no tunnel any more and carries nothing. */
  readonly onGone: (lane: Lane) => void
}

/** One tunnel and the undici Client on it. It carries one request at a time. */
export class Lane {
  readonly #client: Client
  readonly #context: LaneContext
  /** The tunnel, until the client takes it with its first request. */
  #fresh: Socket | undefined
  /** Set where the connection ends at a proxy that forwards requests. */
  #forwardProxy: ForwardProxy | undefined
  /** For the names of failures. */
  #via: Via
  #stopWatching: () => void
  #request: TunnelRequest | undefined
  #connected = true
  #used = false
  /** Tunnels that the request under way was given, each lost before its first byte was written. */
  #tries = 0

  constructor({ socket, forwardProxy, via }: HttpConnection, context: LaneContext) {
    // An idle tunnel must not keep the process alive. undici does the same between two requests.
    socket.unref()
    this.#fresh = socket
    this.#forwardProxy = forwardProxy
    this.#via = via
    this.#context = context
    this.#stopWatching = watchIdle(socket, context.keepAliveMs, () => context.onGone(this))
    this.#client = this.#createClient()
  }

  /** The request that the lane carries now. */
  get request(): TunnelRequest | undefined {
    return this.#request
  }

  /** @returns whether the lane is free at once, because undici refused the request for its arguments */
  send(request: TunnelRequest): boolean {
    this.#context.stats.request(this.#used)
    this.#used = true
    this.#tries = 0
    this.#request = request
    const proxy = this.#forwardProxy
    request.forwardProxy = proxy
    request.via = this.#via
    this.#client.dispatch(
      proxy === undefined ? request.options : forwardedOptions(request.options, proxy),
      request,
    )
    if (request.refused) this.#request = undefined
    return request.refused
  }

  /** Closes the tunnel after the request that it carries. */
  finish(): void {
    if (this.#fresh === undefined) void this.#client.close()
    else void this.end()
  }

  /** Closes the tunnel now. Resolves when its socket is closed. */
  async end(error: Error | null = null): Promise<void> {
    this.#stopWatching()
    const fresh = this.#fresh
    if (fresh?.closed === false) {
      const closed = new Promise<void>((resolve) => fresh.once('close', () => resolve()))
      fresh.destroy()
      await closed
    }
    await this.#client.destroy(error)
  }

  #createClient(): Client {
    const { origin, keepAliveMs, silenceMs } = this.#context
    const connect: buildConnector.connector = (_target, callback) => this.#connect(callback)
    const client = new Client(origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    })
    client.on('connect', () => (this.#connected = true))
    client.on('disconnect', () => this.#onDisconnect())
    client.on('connectionError', () => this.#onDisconnect())
    client.on('drain', () => this.#onDrain())
    return client
  }

  #connect(callback: (...args: [null, Socket] | [Error, null]) => void): void {
    const fresh = this.#fresh
    this.#fresh = undefined
    this.#stopWatching()
    this.#tries += 1
    if (this.#tries > MAX_TRIES) {
      callback(this.#lost(), null)
      return
    }
    const tunnel = fresh?.destroyed === false ? Promise.resolve(fresh) : this.#reopen()
    tunnel.then(
      (socket) => callback(null, Object.assign(socket.ref(), { [OWN_SOCKET]: true })),
      (error: unknown) => callback(toError(error), null),
    )
  }

  /** The request that waits is written already, so the new connection must want it in the same form. */
  async #reopen(): Promise<Socket> {
    const { socket, forwardProxy, via } = await this.#context.reopen()
    this.#via = via
    if (this.#request !== undefined) this.#request.via = via
    const proxy = this.#forwardProxy
    if (proxy === undefined ? forwardProxy !== undefined : !proxy.equals(forwardProxy)) {
      socket.destroy()
      throw this.#lost()
    }
    // Another proxy of a list may have taken its place.
    this.#forwardProxy = forwardProxy
    if (this.#request !== undefined) this.#request.forwardProxy = forwardProxy
    return socket
  }

  #lost(): Error {
    return connectionLost(new Error('closed before its first request'), this.#via, true)
  }

  #onDisconnect(): void {
    this.#connected = false
    // undici reconnects for a request that it has not begun.
    if (this.#client.stats.size === 0) this.#context.onGone(this)
  }

  #onDrain(): void {
    this.#request = undefined
    if (this.#connected) this.#context.onIdle(this)
    else this.#context.onGone(this)
  }
}
