import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'

/** A request that waits for a tunnel. */
export interface Waiting {
  readonly options: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler
  readonly since: number
}

/** What a pool needs from its dispatcher. */
export interface PoolOwner {
  readonly keepAliveMs: number
  openTunnel(origin: URL): Promise<Socket>
  /** A request was put on a tunnel; `reused` if that tunnel had carried one before. */
  onRequest(reused: boolean): void
  /** A tunnel has finished its request: the dispatcher decides what it does next. */
  onIdle(pool: OriginPool): void
  /** A tunnel was opened or closed, or could not be opened. */
  onChange(pool: OriginPool): void
}

/** One tunnel and the undici Client on it, which carries one request at a time. */
interface Lane {
  readonly client: Client
  busy: boolean
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
  #opening = 0

  constructor(origin: URL, owner: PoolOwner) {
    this.origin = origin
    this.#owner = owner
  }

  /** Tunnels open and being opened. */
  get size(): number {
    return this.#lanes.size + this.#opening
  }

  get busy(): boolean {
    return this.#opening > 0 || [...this.#lanes].some((lane) => lane.busy)
  }

  /** Whether another tunnel would serve a request that waits now. */
  get wantsTunnel(): boolean {
    return this.waiting.length > this.#opening
  }

  /** Puts waiting requests on idle tunnels, oldest first. */
  serve(): void {
    for (const lane of this.#lanes) {
      if (lane.busy) continue
      const next = this.waiting.shift()
      if (next === undefined) return
      this.#put(next, lane)
    }
  }

  /** Opens one more tunnel. */
  open(): void {
    this.#opening += 1
    this.#owner.openTunnel(this.origin).then(
      (socket) => {
        this.#opening -= 1
        this.#add(socket)
        this.serve()
        this.#owner.onChange(this)
      },
      (error: unknown) => {
        this.#opening -= 1
        if (this.size === 0) this.fail(error instanceof Error ? error : new Error(String(error)))
        this.#owner.onChange(this)
      },
    )
  }

  /** Ends one idle tunnel, if there is one. */
  closeIdle(): boolean {
    for (const lane of this.#lanes) {
      if (lane.busy) continue
      this.#lanes.delete(lane)
      void lane.client.destroy()
      return true
    }
    return false
  }

  /** Fails every request that waits. */
  fail(error: Error): void {
    for (const waiting of this.waiting.splice(0)) failWaiting(waiting, error)
  }

  /** Ends every tunnel and everything that waits for one. */
  async destroy(error: Error): Promise<void> {
    this.fail(error)
    const lanes = [...this.#lanes]
    this.#lanes.clear()
    await Promise.all(lanes.map((lane) => lane.client.destroy(error)))
  }

  #put(request: Waiting, lane: Lane): void {
    this.#owner.onRequest(lane.used)
    lane.used = true
    const accepted = lane.client.dispatch(request.options, request.handler)
    // false is "busy now", but also what a request gets that undici rejects for its arguments.
    lane.busy = !accepted && lane.client.stats.size > 0
  }

  #add(socket: Socket): void {
    let opened: Socket | undefined = socket
    const client = new Client(this.origin, {
      connect: (_target, callback) => {
        // The tunnel that this client was made for, and a new one should that be gone before its first request.
        const tunnel =
          opened?.destroyed === false ? Promise.resolve(opened) : this.#owner.openTunnel(this.origin)
        opened = undefined
        tunnel.then(
          (connected) => callback(null, connected),
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
        )
      },
      pipelining: 1,
      keepAliveTimeout: Math.max(1, this.#owner.keepAliveMs),
      keepAliveMaxTimeout: Math.max(1, this.#owner.keepAliveMs),
    })
    const lane: Lane = { client, busy: false, used: false }
    this.#lanes.add(lane)
    const onGone = (): void => {
      if (lane.busy) return
      this.#drop(lane)
    }
    client.on('disconnect', onGone)
    client.on('connectionError', onGone)
    client.on('drain', () => {
      lane.busy = false
      if (!client.stats.connected) this.#drop(lane)
      else this.#owner.onIdle(this)
    })
  }

  #drop(lane: Lane): void {
    if (!this.#lanes.delete(lane)) return
    void lane.client.destroy()
    this.#owner.onChange(this)
  }
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
