import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import { connectionLost, type Hop } from '../tunnel/failures.js'
import { watchIdle } from './idle-watch.js'
import { isAbandoned } from './named-handler.js'

/** A request that waits for a tunnel. */
export interface Waiting {
  readonly options: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler
  readonly since: number
}

/** After a refusal: what is open or being opened serves the queue, and the proxy is not asked again at once. */
const REST_MS = 1_000

/** Attempts that begin this close to a request's arrival belong to its burst. */
const BURST_MS = 50

/** A tunnel may be lost in the moment in which its request comes; a second one that is lost so is a broken route. */
const MAX_TRIES = 2

/** What a pool needs from its dispatcher. */
export interface PoolOwner {
  readonly keepAliveMs: number
  readonly silenceMs: number
  hop(origin: URL): Hop
  openTunnel(origin: URL): Promise<Socket>
  /** A request was put on a tunnel; `reused` if that tunnel had carried one before. */
  onRequest(reused: boolean): void
  /** A tunnel has finished its request: the dispatcher decides what it does next. */
  onIdle(pool: OriginPool): void
  /** A tunnel could not be opened; {@link onChange} follows. */
  onRefused(error: Error): void
  /** A tunnel was opened or closed, or could not be opened. */
  onChange(pool: OriginPool): void
}

/** One tunnel and the client on it, which carries one request at a time. */
interface Lane {
  readonly client: Client
  /** The socket, until undici's client has taken it with its first request. */
  fresh: Socket | undefined
  /** Takes no further request. */
  busy: boolean
  /** Tunnels that the request under way was given, each lost before its first byte was written. */
  tries: number
  used: boolean
}

/**
 * The tunnels to one origin and the requests that wait for them.
 *
 * A request is given to a tunnel that is open, never to one that is being opened: so a proxy that refuses
 * some of many connections fails none of the requests, as long as one connection stands. Where the last
 * attempt fails and no tunnel is left, everything that waits fails with it: nobody waits for a second
 * deadline, however long the queue is.
 */
export class OriginPool {
  readonly origin: URL
  readonly waiting: Waiting[] = []
  readonly #owner: PoolOwner
  readonly #lanes = new Set<Lane>()
  readonly #warming: { resolve: () => void; reject: (error: Error) => void }[] = []
  /** When each attempt began that is under way, oldest first. */
  readonly #opening: { readonly since: number }[] = []
  /** Tunnels that make room for another origin and are not gone yet. */
  #ending = 0
  #yieldedAt = 0
  #refusedAt = -Infinity
  /** Counts the routes: a tunnel that was begun on an earlier one is not used. */
  #generation = 0

  constructor(origin: URL, owner: PoolOwner) {
    this.origin = origin
    this.#owner = owner
  }

  /** The way to this origin, for the names of failures. */
  get hop(): Hop {
    return this.#owner.hop(this.origin)
  }

  /** Whether a tunnel is open. */
  get stands(): boolean {
    return this.#lanes.size > 0
  }

  /** Tunnels open and being opened. */
  get size(): number {
    return this.#lanes.size + this.#opening.length
  }

  /** Tunnels that count towards the limit: those of {@link size}, and those that are just being closed. */
  get held(): number {
    return this.size + this.#ending
  }

  /** Since when it waits for its turn: having given its tunnel away, it stands in the queue anew. */
  get waitsSince(): number {
    return Math.max(this.waiting[0]?.since ?? 0, this.#yieldedAt)
  }

  /** Whether a tunnel of this origin is making room for another origin. */
  get yields(): boolean {
    return this.#ending > 0
  }

  get busy(): boolean {
    return this.#opening.length > 0 || [...this.#lanes].some((lane) => lane.client.stats.size > 0)
  }

  /** Whether another tunnel would serve a request that waits now. */
  get wantsTunnel(): boolean {
    if (this.size > 0 && performance.now() - this.#refusedAt < REST_MS) return false
    return this.waiting.length > this.#opening.length
  }

  /** Puts waiting requests on idle tunnels, oldest first. */
  serve(): void {
    for (const lane of this.#lanes) {
      while (!lane.busy) {
        const next = this.waiting.shift()
        if (next === undefined) return
        if (!isAbandoned(next.handler)) this.#put(next, lane)
      }
    }
  }

  /** Opens one more tunnel. */
  open(): void {
    const generation = this.#generation
    const attempt = { since: performance.now() }
    this.#opening.push(attempt)
    const settled = (): void => void this.#opening.splice(this.#opening.indexOf(attempt), 1)
    this.#owner.openTunnel(this.origin).then(
      (socket) => {
        settled()
        if (generation === this.#generation) this.#add(socket)
        else this.#discard(socket)
        this.serve()
        this.#owner.onChange(this)
      },
      (error: unknown) => {
        settled()
        if (generation === this.#generation) {
          this.#refused(toError(error))
          this.#owner.onRefused(toError(error))
        }
        this.#owner.onChange(this)
      },
    )
  }

  /** Resolves when a tunnel stands; the dispatcher has seen to it that one is there or being opened. */
  warmed(): Promise<void> {
    if (this.#lanes.size > 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#warming.push({ resolve, reject }))
  }

  /** From now on on new tunnels: idle ones end at once, busy ones with their request. */
  renew(): void {
    this.#generation += 1
    for (const lane of this.#lanes) {
      this.#lanes.delete(lane)
      if (lane.fresh === undefined) void lane.client.close()
      else void endLane(lane)
    }
  }

  /** Ends one idle tunnel, if there is one. The owner hears of a change when it is gone. */
  closeIdle(): boolean {
    for (const lane of this.#lanes) {
      if (lane.client.stats.size > 0) continue
      this.#lanes.delete(lane)
      this.#ending += 1
      this.#yieldedAt = performance.now()
      void endLane(lane).then(() => {
        this.#ending -= 1
        this.#owner.onChange(this)
      })
      return true
    }
    return false
  }

  /** Fails every request that waits. */
  fail(error: Error): void {
    for (const waiting of this.waiting.splice(0)) failWaiting(waiting, error)
    for (const { reject } of this.#warming.splice(0)) reject(error)
  }

  /** Ends every tunnel and everything that waits for one. */
  async destroy(error: Error): Promise<void> {
    this.fail(error)
    const lanes = [...this.#lanes]
    this.#lanes.clear()
    for (const lane of lanes) lane.fresh?.destroy()
    await Promise.all(lanes.map((lane) => lane.client.destroy(error)))
  }

  #put(request: Waiting, lane: Lane): void {
    this.#owner.onRequest(lane.used)
    lane.used = true
    lane.tries = 0
    const { options, handler } = request
    const accepted = lane.client.dispatch(options, handler)
    // false is "busy now", but also what a request gets that undici rejects for its arguments.
    lane.busy = !accepted && lane.client.stats.size > 0
  }

  #add(socket: Socket): void {
    // Idle, it must not keep a process alive that has nothing else to do; undici does the same between requests.
    socket.unref()
    const lane = this.#lane(socket)
    this.#lanes.add(lane)
    for (const { resolve } of this.#warming.splice(0)) resolve()
  }

  /** undici takes no 0. */
  get #keepAliveMs(): number {
    return Math.max(1, this.#owner.keepAliveMs)
  }

  #lane(socket: Socket): Lane {
    const { silenceMs } = this.#owner
    const stopWatching = watchIdle(socket, this.#keepAliveMs, () => this.#drop(lane))
    const client = new Client(this.origin, {
      connect: (_target, callback) => {
        lane.tries += 1
        if (lane.tries > MAX_TRIES) {
          callback(connectionLost(new Error('closed before its first request'), this.hop, true), null)
          return
        }
        // The tunnel that this client was made for, and a new one should that be gone before its first request.
        const tunnel =
          lane.fresh?.destroyed === false ? Promise.resolve(lane.fresh) : this.#owner.openTunnel(this.origin)
        lane.fresh = undefined
        stopWatching()
        tunnel.then(
          (connected) => callback(null, connected.ref()),
          (error: unknown) => callback(toError(error), null),
        )
      },
      pipelining: 1,
      keepAliveTimeout: this.#keepAliveMs,
      keepAliveMaxTimeout: this.#keepAliveMs,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    })
    const lane: Lane = { client, fresh: socket, busy: false, used: false, tries: 0 }
    const onGone = (): void => {
      // What it still carries or reconnects for comes first.
      if (client.stats.size === 0) this.#drop(lane)
    }
    client.on('disconnect', onGone)
    client.on('connectionError', onGone)
    client.on('drain', () => this.#onDrain(lane))
    return lane
  }

  #onDrain(lane: Lane): void {
    lane.busy = false
    if (!lane.client.stats.connected) this.#drop(lane)
    else this.#owner.onIdle(this)
  }

  /**
   * Without a tunnel that stands, nobody waits for an attempt that was begun for a later request: under steady
   * load there would always be one more.
   */
  #refused(error: Error): void {
    this.#refusedAt = performance.now()
    if (this.#lanes.size > 0) return
    const oldest = this.#opening[0]
    if (oldest === undefined) {
      this.fail(error)
      return
    }
    while ((this.waiting[0]?.since ?? Infinity) < oldest.since - BURST_MS) {
      const waiting = this.waiting.shift()
      if (waiting !== undefined) failWaiting(waiting, error)
    }
  }

  /** A tunnel of an earlier route; who waits for a warm one gets it from the new route. */
  #discard(socket: Socket): void {
    socket.destroy()
    if (this.#warming.length > 0 && this.size === 0) this.open()
  }

  #drop(lane: Lane): void {
    if (!this.#lanes.delete(lane)) return
    void endLane(lane)
    this.#owner.onChange(this)
  }
}

/** Resolves when the tunnel's socket is closed. */
async function endLane({ fresh, client }: Lane): Promise<void> {
  if (fresh?.closed === false) {
    const closed = new Promise<void>((resolve) => fresh.once('close', () => resolve()))
    fresh.destroy()
    await closed
  }
  await client.destroy()
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Fails a request that never reached a tunnel; its stream body is ended, as undici ends that of a sent one. */
export function failWaiting({ options, handler }: Pick<Waiting, 'options' | 'handler'>, error: Error): void {
  const { body } = options
  if (typeof body === 'object' && body !== null && 'destroy' in body && typeof body.destroy === 'function') {
    body.destroy(error)
  }
  if (handler.onResponseError !== undefined) handler.onResponseError(NEVER_STARTED, error)
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the handlers of undici's own fetch know no other
  else handler.onError?.(error)
}

/** The controller of a request that was never started: there is nothing to pause or abort. */
const NEVER_STARTED: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
}
