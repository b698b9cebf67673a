import { errors } from 'undici'
import type { Lane } from './lane.js'
import { OriginPool } from './origin-pool.js'

/** The pools of all origins, and the room that they share. */
export class Pools {
  readonly #maxTunnels: number
  readonly #byOrigin = new Map<string, OriginPool>()

  constructor(maxTunnels: number) {
    this.#maxTunnels = maxTunnels
  }

  get all(): readonly OriginPool[] {
    return [...this.#byOrigin.values()]
  }

  /**
   * The pool of an origin; a new one where there is none.
   *
   * @param tunnelOnly for an upgrade: what comes after it is not HTTP, so no proxy can forward it
   */
  of(origin: string | URL | undefined, tunnelOnly = false): OriginPool {
    const known = tunnelOnly ? undefined : this.#byOrigin.get(String(origin))
    if (known !== undefined) return known
    const url = parseOrigin(origin)
    const key = poolKey(url, tunnelOnly)
    let pool = this.#byOrigin.get(key)
    if (pool === undefined) {
      pool = new OriginPool(url, tunnelOnly)
      this.#byOrigin.set(key, pool)
    }
    return pool
  }

  forget(pool: OriginPool): void {
    const key = poolKey(pool.origin, pool.tunnelOnly)
    // The origin may have a new pool already.
    if (this.#byOrigin.get(key) === pool) this.#byOrigin.delete(key)
  }

  /** Takes all pools out. */
  clear(): readonly OriginPool[] {
    const { all } = this
    this.#byOrigin.clear()
    return all
  }

  /** Whether any request waits for a tunnel. */
  get wait(): boolean {
    for (const pool of this.#byOrigin.values()) if (pool.waits) return true
    return false
  }

  get busy(): boolean {
    return this.all.some((pool) => pool.busy)
  }

  /** Whether any tunnel is open. */
  get stand(): boolean {
    return this.all.some((pool) => pool.stands)
  }

  /** Whether another tunnel may be opened. */
  get haveRoom(): boolean {
    let held = 0
    for (const pool of this.#byOrigin.values()) held += pool.held
    return held < this.#maxTunnels
  }

  /** When the oldest waiting request of any origin was made. */
  get oldest(): number | undefined {
    const times = this.all.flatMap(({ oldest }) => oldest ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** The pools that another tunnel would serve: those without a tunnel first, then by their place in the queue. */
  get wanting(): readonly OriginPool[] {
    if (!this.wait) return []
    return this.all
      .filter((pool) => pool.wantsTunnel)
      .sort((one, other) => rank(one) - rank(other) || one.waitsSince - other.waitsSince)
  }

  /**
   * The pool whose idle tunnel gives way to `pool`, an origin without any tunnel, so that none starves. Its own
   * tunnel is opened when the other is closed: a proxy that allows exactly `maxTunnels` connections must not see one
   * more. Undefined where no tunnel is idle, or one is being closed already.
   */
  idleFor(pool: OriginPool): { readonly from: OriginPool; readonly lane: Lane } | undefined {
    if (pool.size > 0 || this.all.some(({ yields }) => yields)) return undefined
    for (const from of this.#byOrigin.values()) {
      const lane = from === pool ? undefined : from.yieldIdle()
      if (lane !== undefined) return { from, lane }
    }
    return undefined
  }
}

function poolKey({ origin }: URL, tunnelOnly: boolean): string {
  return tunnelOnly ? `${origin} upgrade` : origin
}

/** @throws InvalidArgumentError of undici. It does not repeat the text, because a path of Discord's may be a secret. */
function parseOrigin(origin: string | URL | undefined): URL {
  const url = URL.canParse(String(origin)) ? new URL(String(origin)) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new errors.InvalidArgumentError('origin must be that of an http: or https: URL, and nothing more')
  return url
}

function rank({ size }: OriginPool): number {
  return size === 0 ? 0 : 1
}
