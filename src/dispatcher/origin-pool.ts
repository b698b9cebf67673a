import type { Lane } from './lane.js'
import type { TunnelRequest } from './tunnel-request.js'

/** After a refusal the open tunnels serve the queue, and the proxy is not asked for another one at once. */
const REST_MS = 1_000

/** An attempt that begins this soon after a request was made belongs to the same burst. */
const BURST_MS = 50

/** A tunnel that is being opened. */
export interface Opening {
  /** By performance.now(). */
  readonly since: number
}

/** What the lanes of a pool are doing, for the error of a request that none of them took. */
export interface LaneUse {
  readonly unanswered: number
  readonly unread: number
  readonly opening: number
}

/**
 * The tunnels to one origin and the requests that wait for them. The dispatcher opens and closes tunnels and tells
 * the pool; the pool answers with what follows from it.
 *
 * A request goes to a tunnel that is open, never to one that is being opened. So a proxy that refuses some of many
 * connections fails no request while one tunnel stands.
 */
export class OriginPool {
  readonly #waiting: TunnelRequest[] = []
  readonly #lanes = new Set<Lane>()
  readonly #idle: Lane[] = []
  /** Oldest first. */
  readonly #opening: Opening[] = []
  readonly #warming: { resolve: () => void; reject: (error: Error) => void }[] = []
  /** Tunnels that make room for another origin and are not closed yet. */
  #ending = 0
  #yieldedAt = 0
  #refusedAt = -Infinity
  /**
   * The most attempts at one time. A proxy with room for fewer tunnels than are wanted refuses: then one is tried,
   * and twice as many after each success, because every refused attempt costs CPU and the queue waits meanwhile.
   */
  #attempts = Infinity

  /** @param tunnelOnly whether its requests cannot be forwarded by a proxy */
  constructor(
    readonly origin: URL,
    readonly tunnelOnly: boolean,
  ) {}

  /** Whether a tunnel is open. */
  get stands(): boolean {
    return this.#lanes.size > 0
  }

  /** Tunnels open and being opened. */
  get size(): number {
    return this.#lanes.size + this.#opening.length
  }

  /** Tunnels that count towards the limit: {@link size}, and those that are being closed. */
  get held(): number {
    return this.size + this.#ending
  }

  /** Whether a request waits for a tunnel. */
  get waits(): boolean {
    return this.#waiting.length > 0
  }

  /** When the oldest waiting request was made. */
  get oldest(): number | undefined {
    return this.#waiting[0]?.since
  }

  /** The origin's place in the queue for room. Giving up a tunnel sends it to the back. */
  get waitsSince(): number {
    return Math.max(this.oldest ?? 0, this.#yieldedAt)
  }

  /** Whether a tunnel of this origin is being closed to make room for another origin. */
  get yields(): boolean {
    return this.#ending > 0
  }

  /** Whether a tunnel is being opened, or carries a request. */
  get busy(): boolean {
    return this.#opening.length > 0 || this.#idle.length < this.#lanes.size
  }

  /** Whether {@link warmed} waits for a tunnel that is neither open nor being opened. */
  get wantsWarmTunnel(): boolean {
    return this.#warming.length > 0 && this.size === 0
  }

  /** Whether another tunnel would serve a request that waits now. */
  get wantsTunnel(): boolean {
    if (this.size > 0 && performance.now() - this.#refusedAt < REST_MS) return false
    return this.#waiting.length > this.#opening.length && this.#opening.length < this.#attempts
  }

  get use(): LaneUse {
    const requests = [...this.#lanes].flatMap(({ request }) => request ?? [])
    const unread = requests.filter(({ answered }) => answered).length
    return { unanswered: requests.length - unread, unread, opening: this.#opening.length }
  }

  /** Puts the request on an idle tunnel, or behind those that wait. Returns whether it need not wait. */
  take(request: TunnelRequest): boolean {
    this.#waiting.push(request)
    this.serve()
    return this.#waiting.length === 0
  }

  /** Puts waiting requests on idle tunnels, oldest first. */
  serve(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#idle.pop()
      if (lane === undefined) return
      const next = this.#waiting.shift()
      if (next === undefined || next.abandoned || lane.send(next)) this.#idle.push(lane)
    }
  }

  /** A tunnel is being opened. */
  begin(): Opening {
    const opening = { since: performance.now() }
    this.#opening.push(opening)
    return opening
  }

  /** A tunnel was opened. */
  opened(opening: Opening, lane: Lane): void {
    this.#settle(opening)
    this.#attempts *= 2
    this.#lanes.add(lane)
    this.#idle.push(lane)
    for (const { resolve } of this.#warming.splice(0)) resolve()
  }

  /**
   * A tunnel could not be opened. While another one stands, it serves the queue, and no request fails. Without one,
   * a request does not wait for an attempt that was begun for a later request: under steady load there would always
   * be one more.
   */
  refused(opening: Opening, error: Error): void {
    this.#settle(opening)
    this.#refusedAt = performance.now()
    this.#attempts = 1
    if (this.#lanes.size > 0) return
    const oldest = this.#opening[0]
    if (oldest === undefined) this.fail(error)
    else for (const request of this.takeBefore(oldest.since - BURST_MS)) request.fail(error)
  }

  /** Whether there is no tunnel yet, and one is being opened. */
  get opensFirst(): boolean {
    return this.#lanes.size === 0 && this.#opening.length > 0
  }

  /** A lane has ended its request. */
  freed(lane: Lane): void {
    if (this.#lanes.has(lane)) this.#idle.push(lane)
  }

  /** @returns whether the lane was still in the pool */
  remove(lane: Lane): boolean {
    const at = this.#idle.indexOf(lane)
    if (at !== -1) this.#idle.splice(at, 1)
    return this.#lanes.delete(lane)
  }

  /** Takes all lanes out of the pool, and forgets the attempts under way: they belong to an earlier route. */
  removeAll(): readonly Lane[] {
    const lanes = [...this.#lanes]
    this.#lanes.clear()
    this.#idle.length = 0
    this.#opening.length = 0
    return lanes
  }

  /** Takes an idle lane out of the pool, to make room for another origin. {@link yielded} follows. */
  yieldIdle(): Lane | undefined {
    const lane = this.#idle.pop()
    if (lane === undefined) return undefined
    this.#lanes.delete(lane)
    this.#ending += 1
    this.#yieldedAt = performance.now()
    return lane
  }

  /** A lane that made room is closed. */
  yielded(): void {
    this.#ending -= 1
  }

  /** Resolves when a tunnel stands. The caller has seen to it that one stands or is being opened. */
  warmed(): Promise<void> {
    if (this.#lanes.size > 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#warming.push({ resolve, reject }))
  }

  /** Fails everything that waits. */
  fail(error: Error): void {
    for (const request of this.#waiting.splice(0)) request.fail(error)
    for (const { reject } of this.#warming.splice(0)) reject(error)
  }

  /** Takes the requests that were made before `time` out of the queue. */
  takeBefore(time: number): readonly TunnelRequest[] {
    const taken: TunnelRequest[] = []
    while ((this.oldest ?? Infinity) < time) {
      const request = this.#waiting.shift()
      if (request !== undefined) taken.push(request)
    }
    return taken
  }

  #settle(opening: Opening): void {
    this.#opening.splice(this.#opening.indexOf(opening), 1)
  }
}
