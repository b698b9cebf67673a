import type { Socket } from 'node:net'
import { Dispatcher, errors } from 'undici'
import { TransportError } from '../errors.js'
import { closedError, timeoutError, type Hop } from '../tunnel/failures.js'
import { namedHandler } from './named-handler.js'
import { failWaiting, OriginPool, type PoolOwner } from './origin-pool.js'
import { addressOf } from '../tunnel/target.js'
import type { Route } from '../tunnel/route.js'

/**
 * Cloudflare, which stands before Discord, answers for it after two minutes (524). Who is silent for longer is
 * the tunnel, and a request that must not be repeated is not to wait for the five minutes of undici.
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/
 */
const SILENCE_MS = 150_000

export interface DispatcherOptions {
  /** The most tunnels open or being opened at one time, over all origins. */
  readonly maxTunnels: number
  /** Milliseconds for which an idle tunnel is kept. */
  readonly keepAliveMs: number
  /** Milliseconds without a byte of the answer after which a request fails with ERR_TARGET_TIMEOUT. */
  readonly silenceMs?: number
  /** An origin has lost its last tunnel. */
  readonly onCold?: (origin: URL) => void
}

/**
 * The undici face of a route: requests, queued first come first served for at most `maxTunnels` tunnels.
 *
 * undici's own Agent limits connections per origin and not in all, and gives each request to a connection
 * that is still to be made: its failure is that request's failure, and behind a proxy that never answers a
 * queue waits for one deadline after the other. See {@link OriginPool} for what happens here.
 */
export class TunnelDispatcher extends Dispatcher implements PoolOwner {
  readonly keepAliveMs: number
  readonly silenceMs: number
  readonly #onCold: ((origin: URL) => void) | undefined
  readonly #route: Route
  readonly #maxTunnels: number
  readonly #pools = new Map<string, OriginPool>()
  #closed = false
  #scheduled = false
  #onDrained: (() => void)[] = []

  constructor(route: Route, { maxTunnels, keepAliveMs, silenceMs, onCold }: DispatcherOptions) {
    super()
    this.#route = route
    this.#maxTunnels = maxTunnels
    this.keepAliveMs = keepAliveMs
    this.silenceMs = silenceMs ?? SILENCE_MS
    this.#onCold = onCold
  }

  /** @returns false where the request has to wait; `drain` is emitted when nothing waits any more. */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const pool = this.#poolFor(options)
    const named = namedHandler(handler, options.method, pool)
    if (this.#closed || this.#route.closed) {
      failWaiting({ options, handler: named }, closedError())
      return true
    }
    pool.waiting.push({ options, handler: named, since: performance.now() })
    pool.serve()
    if (pool.waiting.length === 0) return true
    if (pool.size === 0) this.#openWhereWanted()
    else this.#openSoon()
    return false
  }

  hop(origin: URL): Hop {
    return this.#route.hop(addressOf(origin))
  }

  openTunnel(origin: URL): Promise<Socket> {
    return this.#route.openTunnel({ ...addressOf(origin), secure: origin.protocol === 'https:' })
  }

  /** Opens a tunnel to an origin unless one stands or all `maxTunnels` are in use. */
  async warm(origin: string): Promise<void> {
    const pool = this.#poolFor({ origin })
    if (pool.size === 0) {
      if (!this.#hasRoom()) return
      pool.open()
    }
    await pool.warmed()
  }

  /** Moves to a changed route: what is under way ends where it is, everything else goes the new way. */
  renew(): void {
    for (const pool of this.#pools.values()) {
      pool.renew()
      if (pool.size === 0 && pool.waiting.length === 0) this.onChange(pool)
    }
    this.#openWhereWanted()
  }

  onRequest(reused: boolean): void {
    this.#route.stats.request(reused)
  }

  onIdle(pool: OriginPool): void {
    if (!this.#waits()) {
      this.#drained(pool)
      return
    }
    // Between two requests of a busy origin is the moment for one that has no tunnel at all.
    const starving = this.#wanting().find((other) => other.size === 0)
    if (starving !== undefined && !this.#hasRoom() && !this.#makesRoom()) pool.closeIdle()
    pool.serve()
    this.onChange(pool)
  }

  /**
   * A proxy that has kept silent towards one origin has kept the others waiting for room meanwhile: where no
   * tunnel stands, they are not made to wait for a deadline of their own.
   */
  onRefused(error: Error): void {
    const pools = [...this.#pools.values()]
    if (!(error instanceof TransportError) || error.code !== 'ERR_PROXY_TIMEOUT') return
    if (pools.some((pool) => pool.stands)) return
    for (const pool of pools.filter(({ size }) => size === 0)) {
      const hop = this.#route.hop(addressOf(pool.origin))
      if (hop.proxy !== error.proxy) continue
      pool.fail(timeoutError(hop, error.phase, this.#route.connectTimeoutMs))
      this.#forget(pool)
    }
  }

  onChange(pool: OriginPool): void {
    if (pool.size === 0 && pool.waiting.length === 0) {
      if (pool.held === 0) this.#forget(pool)
      if (!this.#closed) this.#onCold?.(pool.origin)
    }
    if (this.#waits()) this.#openWhereWanted()
    else this.#drained(pool)
  }

  /** Nothing waits any more. */
  #drained(pool: OriginPool): void {
    this.emit('drain', pool.origin)
    if (this.#onDrained.length > 0 && !this.#busy())
      for (const resolve of this.#onDrained.splice(0)) resolve()
  }

  /** Waits for the requests under way, then ends every tunnel. */
  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | undefined {
    this.#closed = true
    const idle = !this.#waits() && !this.#busy()
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

  #poolFor({ origin }: Pick<Dispatcher.DispatchOptions, 'origin'>): OriginPool {
    const known = this.#pools.get(String(origin))
    if (known !== undefined) return known
    const url = parseOrigin(origin)
    let pool = this.#pools.get(url.origin)
    if (pool === undefined) {
      pool = new OriginPool(url, this)
      this.#pools.set(url.origin, pool)
    }
    return pool
  }

  #forget(pool: OriginPool): void {
    const { origin } = pool.origin
    // It may have a successor already.
    if (this.#pools.get(origin) === pool) this.#pools.delete(origin)
  }

  #busy(): boolean {
    return [...this.#pools.values()].some((pool) => pool.busy)
  }

  #waits(): boolean {
    for (const pool of this.#pools.values()) if (pool.waiting.length > 0) return true
    return false
  }

  /**
   * A tunnel whose response has just been read is idle one turn of the event loop later (undici waits for a
   * server that closes after all). A caller who sends one request after the other must not get a second
   * tunnel for being quicker than that.
   */
  #openSoon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#openWhereWanted()
    })
  }

  /** Opens tunnels for what waits, origins without any first, then the oldest, as far as `maxTunnels` allows. */
  #openWhereWanted(): void {
    for (const pool of this.#wanting()) {
      while (pool.wantsTunnel && this.#hasRoom()) pool.open()
      if (pool.wantsTunnel) this.#makeRoom(pool)
    }
  }

  #wanting(): OriginPool[] {
    if (!this.#waits()) return []
    return [...this.#pools.values()]
      .filter((pool) => pool.wantsTunnel)
      .sort((one, other) => rank(one) - rank(other) || one.waitsSince - other.waitsSince)
  }

  #hasRoom(): boolean {
    let size = 0
    for (const pool of this.#pools.values()) size += pool.held
    return size < this.#maxTunnels
  }

  /**
   * An origin without any tunnel takes the place of another's idle one, so that none starves. It opens its own
   * when that is gone: a proxy that allows just so many connections must not see one more.
   */
  #makeRoom(pool: OriginPool): void {
    if (pool.size > 0 || this.#makesRoom()) return
    for (const other of this.#pools.values()) if (other !== pool && other.closeIdle()) return
  }

  #makesRoom(): boolean {
    return [...this.#pools.values()].some((pool) => pool.yields)
  }

  async #end(error: Error): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map((pool) => pool.destroy(error)))
    for (const resolve of this.#onDrained.splice(0)) resolve()
  }
}

/** @throws InvalidArgumentError of undici, without the text: a path of Discord's may be a secret */
function parseOrigin(origin: string | URL | undefined): URL {
  const url = URL.canParse(String(origin)) ? new URL(String(origin)) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new errors.InvalidArgumentError('origin must be that of an http: or https: URL, and nothing more')
  return url
}

/** Who has no tunnel at all comes first. */
function rank({ size }: OriginPool): number {
  return size === 0 ? 0 : 1
}

function settle(done: Promise<void>, callback: (() => void) | undefined): Promise<void> | undefined {
  if (callback === undefined) return done
  void done.then(callback)
  return undefined
}
