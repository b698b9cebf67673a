import { Dispatcher } from 'undici'
import { TransportError, toError } from '../errors.js'
import { closedError, timeoutError } from '../tunnel/failures.js'
import type { Via } from '../tunnel/fault.js'
import type { HttpConnection, Route } from '../tunnel/route.js'
import { addressOf } from '../tunnel/target.js'
import { wireOptions } from './body/wire-options.js'
import { SILENCE_MS, type DispatcherOptions } from './dispatcher-options.js'
import { Lane } from './lane.js'
import type { Opening, OriginPool } from './origin-pool.js'
import { Pools } from './pools.js'
import { LegacyRequest } from './legacy-request.js'
import { ModernRequest } from './modern-request.js'
import { queueTimeout } from './queue-timeout.js'
import { UNREAD_MS, type RequestContext } from './tunnel-request.js'

/** A request in the queue fails this much after its deadline, and is looked at so often from then on. */
const GRACE_MS = 50
/**
 * The same while the first tunnel to its origin is being opened: that attempt ends with an error of its own, which says
 * more.
 */
const FIRST_TUNNEL_GRACE_MS = 200

/**
 * The undici face of a route: requests wait, first come first served, for at most `maxTunnels` tunnels.
 *
 * undici's own Agent limits connections per origin and not in all, and binds each request to a connection that is
 * still to be made, so a failed connection fails its request, and behind a silent proxy a queue waits for one
 * deadline after the other. Here a request is given to a tunnel that is open. Where the last attempt fails and no
 * tunnel is open, everything that waits fails with it.
 *
 * Calls go one way: dispatcher, pool, lane. A lane reports that it is idle or gone; the pool is asked what follows.
 */
export class TunnelDispatcher extends Dispatcher {
  readonly #route: Route
  readonly #options: Required<Omit<DispatcherOptions, 'onEvent'>>
  readonly #pools: Pools
  readonly #context: RequestContext
  #lateTimer: NodeJS.Timeout | undefined
  #closed = false
  #openingSoon = false
  /** dispatch() has returned false since the last `drain`. */
  #needsDrain = false
  #onDrained: (() => void)[] = []
  /** Counts the routes: a tunnel that was begun on an earlier one is not used. */
  #generation = 0

  constructor(route: Route, options: DispatcherOptions) {
    super()
    this.#route = route
    this.#options = {
      silenceMs: SILENCE_MS,
      unreadMs: UNREAD_MS,
      tunnelOnly: false,
      onCold: () => undefined,
      ...options,
    }
    this.#pools = new Pools(options.maxTunnels)
    const { unreadMs } = this.#options
    this.#context = { viaTo: (origin) => this.#viaTo(origin), unreadMs, onEvent: options.onEvent }
  }

  /** @returns false where the request has to wait; `drain` is emitted when nothing waits any more. */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const pool = this.#pools.of(options.origin, typeof options.upgrade === 'string')
    const Kind = handler.onRequestStart === undefined ? LegacyRequest : ModernRequest
    const request = new Kind(wireOptions(options), handler, this.#context)
    if (this.#closed || this.#route.closed) {
      request.fail(closedError())
      return true
    }
    if (pool.take(request)) return true
    this.#needsDrain = true
    this.#watchQueue()
    if (pool.size === 0) this.#openWhereWanted()
    else this.#openSoon()
    return false
  }

  /** Opens a tunnel to an origin unless one stands or all `maxTunnels` are in use. */
  async warm(origin: string): Promise<void> {
    const pool = this.#pools.of(origin)
    if (pool.size === 0) {
      if (!this.#pools.haveRoom) return
      this.#open(pool)
    }
    await pool.warmed()
  }

  /** Moves to a changed route: requests under way end where they are, all others go the new way. */
  renew(): void {
    this.#generation += 1
    for (const pool of this.#pools.all) {
      for (const lane of pool.removeAll()) lane.finish()
      if (pool.wantsWarmTunnel) this.#open(pool)
      else if (!pool.waits) this.#changed(pool)
    }
    this.#openWhereWanted()
  }

  /** Waits for the requests under way, then ends every tunnel. */
  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | undefined {
    this.#closed = true
    const idle = !this.#pools.wait && !this.#pools.busy
    const drained = idle ? Promise.resolve() : new Promise<void>((resolve) => this.#onDrained.push(resolve))
    return settle(
      drained.then(() => this.#end(closedError())),
      callback,
    )
  }

  /** Ends every tunnel at once; requests under way and waiting fail with `error`. */
  override destroy(error?: Error | null): Promise<void>
  override destroy(callback: () => void): void
  override destroy(error: Error | null, callback: () => void): void
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | undefined {
    this.#closed = true
    const [error, callback] = typeof first === 'function' ? [null, first] : [first, second]
    return settle(this.#end(error ?? closedError()), callback)
  }

  async #end(error: Error): Promise<void> {
    clearTimeout(this.#lateTimer)
    this.#lateTimer = undefined
    const pools = this.#pools.clear()
    for (const pool of pools) pool.fail(error)
    const lanes = pools.flatMap((pool) => pool.removeAll())
    await Promise.all(lanes.map((lane) => lane.end(error)))
    for (const resolve of this.#onDrained.splice(0)) resolve()
  }

  /**
   * A tunnel whose response has just been read is idle one turn of the event loop later: undici waits for a server
   * that closes the connection after all. A caller that sends one request after the other, and is quicker than
   * that, must not get a second tunnel.
   */
  #openSoon(): void {
    if (this.#openingSoon) return
    this.#openingSoon = true
    setImmediate(() => {
      this.#openingSoon = false
      this.#openWhereWanted()
    })
  }

  /** Opens tunnels for what waits, as far as `maxTunnels` allows. */
  #openWhereWanted(): void {
    for (const pool of this.#pools.wanting) {
      while (pool.wantsTunnel && this.#pools.haveRoom) this.#open(pool)
      if (pool.wantsTunnel) this.#makeRoom(pool)
    }
  }

  /** Opens one more tunnel. What comes of it after the route was changed is of no use. */
  #open(pool: OriginPool): void {
    const generation = this.#generation
    const opening = pool.begin()
    this.#openTunnel(pool).then(
      (connection) => {
        if (generation !== this.#generation) {
          connection.socket.destroy()
          return
        }
        pool.opened(opening, this.#lane(connection, pool))
        pool.serve()
        this.#changed(pool)
      },
      (reason: unknown) => {
        if (generation !== this.#generation) return
        this.#refused(toError(reason), opening, pool)
        this.#changed(pool)
      },
    )
  }

  /** The route to an origin, for the names of failures. */
  #viaTo(origin: string | URL): Via {
    return this.#route.via(addressOf(new URL(origin)))
  }

  #openTunnel({ origin, tunnelOnly }: OriginPool): Promise<HttpConnection> {
    const target = { ...addressOf(origin), secure: origin.protocol === 'https:' }
    return this.#route.openHttp(target, { tunnelOnly: tunnelOnly || this.#options.tunnelOnly })
  }

  #lane(connection: HttpConnection, pool: OriginPool): Lane {
    const { keepAliveMs, silenceMs } = this.#options
    return new Lane(connection, {
      origin: pool.origin,
      // undici takes no 0.
      keepAliveMs: Math.max(1, keepAliveMs),
      silenceMs,
      stats: this.#route.stats,
      reopen: () => this.#openTunnel(pool),
      onIdle: (lane) => this.#onIdle(lane, pool),
      onGone: (lane) => this.#onGone(lane, pool),
    })
  }

  #refused(error: Error, opening: Opening, pool: OriginPool): void {
    pool.refused(opening, error)
    // A proxy that was silent towards one origin has kept the others waiting for room meanwhile. Where no tunnel is
    // open, they do not wait for another deadline.
    if (!(error instanceof TransportError) || error.code !== 'ERR_PROXY_TIMEOUT' || this.#pools.stand) return
    for (const other of this.#pools.all.filter(({ size }) => size === 0)) {
      const via = this.#viaTo(other.origin)
      if (via.proxy !== error.proxy) continue
      other.fail(timeoutError(via, error.phase, this.#route.connectTimeoutMs))
      this.#pools.forget(other)
    }
  }

  #onIdle(lane: Lane, pool: OriginPool): void {
    pool.freed(lane)
    if (!this.#pools.wait) {
      this.#drained(pool)
      return
    }
    // A busy origin is idle only between two requests: then its tunnel goes to an origin that has none.
    const starving = this.#pools.wanting.find(({ size }) => size === 0)
    if (starving !== undefined && !this.#pools.haveRoom) this.#makeRoom(starving)
    pool.serve()
    this.#changed(pool)
  }

  #onGone(lane: Lane, pool: OriginPool): void {
    if (!pool.remove(lane)) return
    void lane.end()
    this.#changed(pool)
  }

  #makeRoom(pool: OriginPool): void {
    const yielding = this.#pools.idleFor(pool)
    if (yielding === undefined) return
    const { from, lane } = yielding
    void lane.end().then(() => {
      from.yielded()
      this.#changed(from)
    })
  }

  /** A tunnel of the pool was opened, refused or closed. */
  #changed(pool: OriginPool): void {
    if (pool.size === 0 && !pool.waits) {
      if (pool.held === 0) this.#pools.forget(pool)
      if (!this.#closed) this.#options.onCold(pool.origin)
    }
    if (this.#pools.wait) this.#openWhereWanted()
    else this.#drained(pool)
  }

  /** Nothing waits any more. */
  #drained(pool: OriginPool): void {
    if (this.#needsDrain) {
      this.#needsDrain = false
      this.emit('drain', pool.origin)
    }
    if (this.#onDrained.length > 0 && !this.#pools.busy)
      for (const resolve of this.#onDrained.splice(0)) resolve()
  }

  /** Sees to it that no request waits in the queue for longer than `connectTimeoutMs`. */
  #watchQueue(): void {
    // Then a later request needs nothing more.
    if (this.#lateTimer !== undefined) return
    const { oldest } = this.#pools
    if (oldest === undefined) return
    const leftMs = oldest + this.#route.connectTimeoutMs + GRACE_MS - performance.now()
    // The busy tunnel that a request waits for, or the one that is being opened, keeps the process alive.
    this.#lateTimer = setTimeout(() => this.#failLate(), Math.max(GRACE_MS, Math.ceil(leftMs))).unref()
  }

  #failLate(): void {
    this.#lateTimer = undefined
    const { connectTimeoutMs } = this.#route
    const pools = this.#pools.all
    const use = { maxTunnels: this.#options.maxTunnels, lanes: pools.map((pool) => pool.use) }
    for (const pool of pools) {
      const graceMs = pool.opensFirst ? FIRST_TUNNEL_GRACE_MS : 0
      const late = pool.takeBefore(performance.now() - connectTimeoutMs - graceMs)
      if (late.length === 0) continue
      const error = queueTimeout(this.#viaTo(pool.origin), connectTimeoutMs, use)
      for (const request of late) request.fail(error)
      this.#changed(pool)
    }
    this.#watchQueue()
  }
}

function settle(done: Promise<void>, callback: (() => void) | undefined): Promise<void> | undefined {
  if (callback === undefined) return done
  void done.then(callback)
  return undefined
}
