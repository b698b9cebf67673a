import type { GatewayFleetMember, GatewaySession, GatewayShardLeases } from '../index.js'
import { surplus } from './division.js'
import { joinedAlready, storeRefused } from './fleet-errors.js'
import type { FleetStatus } from './fleet-view.js'
import { LeaseClock } from './lease-clock.js'
import { MemberShards, NOBODY } from './member-shards.js'
import { Membership } from './membership.js'
import { StoreUnavailable, type Caller, type FleetStore, type Refused, type Renewed } from './store.js'
import { sleep, type FleetClock, type FleetTiming } from './timing.js'
import { SessionWriter } from './session-writer.js'

/** For the last commands of a member that leaves. */
const LEAVE_MS = 5_000
/** Where one of them failed. */
const LEAVE_RETRY_MS = 200
/** A step follows another at once so often before the member waits for its next renewal. */
const STEPS_AT_ONCE = 8

/** One process of a fleet: it renews its lease, takes its part of the shards and gives back what is too much. */
export class Member implements GatewayShardLeases {
  readonly sessions: SessionWriter
  readonly #store: FleetStore
  readonly #timing: FleetTiming
  readonly #clock: FleetClock
  readonly #lease: LeaseClock
  #membership = new Membership()
  #client: GatewayFleetMember | undefined
  #slots: MemberShards
  #running: Promise<void> | undefined
  #stop = new AbortController()
  #wake = new AbortController()
  #joined: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  /** By the member's clock: closed shards are not opened before. */
  #openAt = 0
  #failing = false
  #leaving = false

  constructor(store: FleetStore, timing: FleetTiming, clock: FleetClock) {
    this.#store = store
    this.#timing = timing
    this.#clock = clock
    this.sessions = new SessionWriter({
      clock,
      writeMs: timing.writeMs,
      token: (shardId) => this.token(shardId),
      write: (writes) => store.save(this.caller, writes),
    })
    this.#lease = new LeaseClock(clock, timing.holdMs, () => this.#leaseEnded())
    this.#slots = this.#shardsOf(NOBODY)
  }

  get status(): FleetStatus {
    const { count, generation, members, free, epoch } = this.#membership.view
    return {
      member: this.#membership.name,
      state: this.#state(),
      shardCount: count ?? null,
      generation,
      shards: this.#slots.kept,
      members: members.length,
      free,
      epoch,
    }
  }

  get caller(): Caller {
    return this.#membership.caller
  }

  token(shardId: number): number | undefined {
    return this.#slots.token(shardId)
  }

  /** Milliseconds until a shard may identify; see `TakenShard`. */
  blockedMs(shardId: number): number {
    return this.#slots.blockedMs(shardId)
  }

  holds(shardId: number): boolean {
    return this.#lease.stands && this.#slots.isOpen(shardId)
  }

  async join(client: GatewayFleetMember): Promise<void> {
    if (this.#client !== undefined) throw joinedAlready()
    this.#client = client
    this.#stop = new AbortController()
    this.#membership = Membership.begin(client.shardCount)
    this.#slots = this.#shardsOf(client)
    this.sessions.start()
    await new Promise<void>((resolve, reject) => {
      this.#joined = { resolve, reject }
      this.#running = this.#run()
    })
    client.settled(true)
  }

  async leave({ keepSession }: { readonly keepSession: boolean }): Promise<void> {
    if (this.#client === undefined || this.#leaving) return
    this.#leaving = true
    this.#stop.abort()
    this.#wake.abort()
    this.#joined?.reject(new Error('the member left'))
    if (!keepSession) this.sessions.forgetAll()
    this.#slots.giveBack(this.#slots.kept, keepSession, 'the member leaves its fleet')
    await this.#slots.settled()
    await this.#running
    const enough = new AbortController()
    await Promise.race([this.#goodbye(enough.signal), sleep(this.#clock, LEAVE_MS, enough.signal)])
    enough.abort()
    this.#lease.end()
    this.sessions.stop()
    await this.#store.close().catch(() => undefined)
    this.#client = undefined
    this.#leaving = false
  }

  #shardsOf(client: Pick<GatewayFleetMember, 'open' | 'close'>): MemberShards {
    return new MemberShards({
      client,
      clock: this.#clock,
      sessions: this.sessions,
      closed: (shardId, session) => this.#closed(shardId, session),
    })
  }

  #state(): FleetStatus['state'] {
    if (this.#client === undefined) return 'idle'
    if (this.#leaving) return 'leaving'
    if (this.#joined !== undefined) return 'joining'
    if (!this.#lease.stands) return 'suspended'
    return this.#failing ? 'away' : 'member'
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let opened = false
    while (!signal.aborted) {
      this.#wake = new AbortController()
      try {
        if (!opened) await this.#store.open()
        opened = true
        for (let step = 0; step < STEPS_AT_ONCE; step += 1) if (!(await this.#step())) break
        if (this.#failing) this.#debug("the fleet's store answers again")
        this.#failing = false
      } catch (error) {
        this.#failed(error)
      }
      // A shard that has been closed is given back at once.
      await sleep(this.#clock, this.#timing.renewMs, this.#wake.signal)
    }
  }

  /** One renewal and what follows from it. True: there is more to do at once. */
  async #step(): Promise<boolean> {
    const sentAt = this.#clock.now()
    const sentAtWall = this.#clock.wall()
    const request = this.#membership.renewal(this.#slots.holdings)
    const reply = await this.#store.renew(request)
    if (this.#stop.signal.aborted) return false
    if (reply.kind !== 'ok') return this.#refused(reply)
    this.#lease.renewed(sentAt, sentAtWall)
    this.#learn(reply)
    if (request.join !== undefined) this.#debug(`joined the fleet as ${this.#membership.summary}`)
    if (this.#slots.returns.length > 0) {
      await this.#giveBack(false)
      return true
    }
    return this.#plan(reply)
  }

  async #refused(reply: Refused): Promise<boolean> {
    switch (reply.kind) {
      case 'epoch':
        this.#debug("the fleet's store was emptied, rolled back or restarted: this member says what it had")
        await this.#claim()
        return true
      case 'count': {
        this.#membership.propose((await this.#client?.recommendedShards()) ?? 1)
        return true
      }
      case 'gone':
        // Others have its shards, or will. Its own lease ended before.
        this.#debug('this member was away for longer than its lease: it joins anew')
        this.#lease.end()
        this.#slots.lose(this.#slots.holdings.map(({ shardId }) => shardId))
        await this.#slots.settled()
        this.#membership.rejoin()
        return true
    }
  }

  async #claim(): Promise<void> {
    // What is closing would count as closed in order afterwards.
    await this.#slots.settled()
    this.#membership.claim()
    this.#slots.reclaim()
  }

  /** What a renewal says. */
  #learn(reply: Renewed): void {
    const before = this.#membership.renewed(reply)
    // Until then a member that is away may still claim its shards.
    if (reply.epoch !== before.epoch)
      this.#openAt = this.#clock.now() + Math.max(0, reply.holdUntil - reply.now)
    this.#slots.reconcile(reply)
    if (before.claimed) this.sessions.writeAll(this.#slots.kept)
    if (before.count !== undefined && reply.count !== before.count) {
      this.#debug('the fleet has another number of shards: the old sessions end')
      this.#slots.end()
    }
    if (this.#clock.now() >= this.#openAt) this.#slots.resume(reply.count)
  }

  async #plan(reply: Renewed): Promise<boolean> {
    const { kept } = this.#slots
    const { quota } = this.#membership
    const isHeldBack = reply.now < reply.holdUntil
    if (kept.length > quota && !isHeldBack) {
      const excess = surplus(kept, quota)
      this.#slots.giveBack(excess, true, 'another member of the fleet takes the shard')
      // What was not open is given back at once.
      return this.#slots.returns.length > 0
    }
    const want = isHeldBack ? 0 : Math.min(quota - kept.length, reply.free)
    if (want > 0) return this.#take(want)
    if (!isHeldBack) this.#settle()
    return false
  }

  async #take(want: number): Promise<boolean> {
    const taken = await this.#store.take(this.caller, want)
    if ('kind' in taken) return this.#refused(taken)
    this.#membership.seen(taken.map(({ token }) => token))
    this.#slots.take(taken)
    if (this.#lease.stands) this.#slots.resume(this.#membership.view.count ?? 1)
    this.#settle()
    return taken.length > 0
  }

  /** The member has its first part of the shards, if there is one for it. */
  #settle(): void {
    this.#joined?.resolve()
    this.#joined = undefined
  }

  async #giveBack(leave: boolean): Promise<void> {
    const writes = this.#slots.writes()
    await this.#store.release(this.caller, writes, leave)
    this.#slots.returned(writes)
  }

  /** Hands everything over. A store that was emptied meanwhile is told first what the member had. */
  async #goodbye(signal: AbortSignal): Promise<void> {
    // It never got an answer: there is nothing to hand over.
    if (this.#membership.view.epoch === '') return
    while (!signal.aborted)
      try {
        const request = this.#membership.renewal(this.#slots.holdings)
        const reply = await this.#store.renew({ ...request, join: undefined })
        if (reply.kind === 'ok') this.#membership.renewed(reply)
        if (reply.kind === 'epoch') {
          await this.#claim()
          continue
        }
        await this.#giveBack(true)
        return
      } catch {
        await sleep(this.#clock, LEAVE_RETRY_MS, signal)
      }
  }

  #closed(shardId: number, session: GatewaySession | null): void {
    this.sessions.closed(shardId, session)
    this.#wake.abort()
  }

  #leaseEnded(): void {
    this.#debug(
      "the fleet's store is away for longer than the lease: the shards close, their sessions are kept",
    )
    this.#slots.suspend('the lease of the shard has ended')
  }

  #failed(error: unknown): void {
    const cause = error instanceof Error ? error : new Error('unknown')
    if (this.#joined !== undefined && !(cause instanceof StoreUnavailable)) {
      this.#joined.reject(storeRefused(cause))
      this.#stop.abort()
      return
    }
    if (!this.#failing) this.#debug(`the fleet's store failed: ${cause.message}`)
    this.#failing = true
  }

  #debug(line: string): void {
    this.#client?.debug(line)
  }
}
