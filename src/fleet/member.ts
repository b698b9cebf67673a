import { randomUUID } from 'node:crypto'
import {
  GatewayError,
  TransportError,
  type GatewayFleetMember,
  type GatewaySession,
  type GatewayShardLeases,
} from '../index.js'
import { divide, surplus } from './division.js'
import { alreadyJoined, storeRefused } from './fleet-errors.js'
import { learned, UNKNOWN, type FleetStatus, type FleetView } from './fleet-view.js'
import { LeaseClock } from './lease-clock.js'
import { ShardSlots } from './shard-slots.js'
import {
  StoreUnavailable,
  type Caller,
  type FleetStore,
  type Holding,
  type Refused,
  type Renewed,
  type RenewRequest,
  type TakenShard,
} from './store.js'
import { sleep, type FleetClock, type FleetTiming } from './timing.js'
import type { SessionWriter } from './session-writer.js'

export interface MemberOptions {
  readonly store: FleetStore
  readonly clock: FleetClock
  readonly timing: FleetTiming
  readonly sessions: () => SessionWriter
}

/** For the last commands of a member that leaves. */
const LEAVE_MS = 5_000
/** Where one of them failed. */
const LEAVE_RETRY_MS = 200
/** A step follows another at once so often before the member waits for its next renewal. */
const STEPS_AT_ONCE = 8

/** One process of a fleet: it renews its lease, takes its part of the shards and gives back what is too much. */
export class Member implements GatewayShardLeases {
  readonly #options: MemberOptions
  readonly #lease: LeaseClock
  readonly #identifyAfter = new Map<number, number>()
  #name = ''
  #client: GatewayFleetMember | undefined
  #slots: ShardSlots
  #running: Promise<void> | undefined
  #stop = new AbortController()
  #wake = new AbortController()
  #joined: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  #join: RenewRequest['join']
  #claiming = false
  #view: FleetView = UNKNOWN
  /** By the member's clock: closed shards are not opened before. */
  #openAt = 0
  #failing = false
  #leaving = false

  constructor(options: MemberOptions) {
    this.#options = options
    const { clock, timing } = options
    this.#lease = new LeaseClock(clock, timing.holdMs, () => this.#leaseEnded())
    this.#slots = new ShardSlots({ client: NOBODY, closed: () => undefined })
  }

  get status(): FleetStatus {
    return {
      member: this.#name,
      state: this.#state(),
      shardCount: this.#view.count ?? null,
      generation: this.#view.generation,
      shards: this.#slots.kept,
      members: this.#view.members.length,
      free: this.#view.free,
      epoch: this.#view.epoch,
    }
  }

  get caller(): Caller {
    const { epoch, tide } = this.#view
    return { member: this.#name, epoch, tide }
  }

  token(shardId: number): number | undefined {
    return this.#slots.token(shardId)
  }

  /** Milliseconds until a shard may identify; see `TakenShard`. */
  blockedMs(shardId: number): number {
    return Math.max(0, (this.#identifyAfter.get(shardId) ?? 0) - this.#options.clock.now())
  }

  holds(shardId: number): boolean {
    return this.#lease.stands && this.#slots.isOpen(shardId)
  }

  async join(client: GatewayFleetMember): Promise<void> {
    if (this.#client !== undefined) throw alreadyJoined()
    this.#client = client
    this.#reset()
    this.#slots = new ShardSlots({
      client,
      closed: (shardId, session) => this.#closed(shardId, session),
    })
    this.#options.sessions().start()
    await new Promise<void>((resolve, reject) => {
      this.#joined = { resolve, reject }
      this.#running = this.#run()
    })
    client.settled(true)
  }

  async leave({ keepSession }: { readonly keepSession: boolean }): Promise<void> {
    const { clock, store } = this.#options
    if (this.#client === undefined || this.#leaving) return
    this.#leaving = true
    this.#stop.abort()
    this.#wake.abort()
    this.#joined?.reject(new Error('the member left'))
    if (!keepSession) this.#options.sessions().forgetAll()
    this.#slots.giveBack(this.#slots.kept, keepSession, 'the member leaves its fleet')
    await this.#slots.settled()
    await this.#running
    const enough = new AbortController()
    await Promise.race([this.#goodbye(enough.signal), sleep(clock, LEAVE_MS, enough.signal)])
    enough.abort()
    this.#lease.end()
    this.#options.sessions().stop()
    await store.close().catch(() => undefined)
    this.#client = undefined
    this.#leaving = false
  }

  #reset(): void {
    const shardCount = this.#client?.shardCount
    this.#name = randomUUID().slice(0, 13)
    this.#stop = new AbortController()
    this.#join = shardCount === undefined ? { kind: 'auto', count: 0 } : { kind: 'fixed', count: shardCount }
    this.#claiming = false
    this.#view = UNKNOWN
    this.#identifyAfter.clear()
  }

  #state(): FleetStatus['state'] {
    if (this.#client === undefined) return 'idle'
    if (this.#leaving) return 'leaving'
    if (this.#joined !== undefined) return 'joining'
    if (!this.#lease.stands) return 'suspended'
    return this.#failing ? 'away' : 'member'
  }

  async #run(): Promise<void> {
    const { clock, timing, store } = this.#options
    const { signal } = this.#stop
    let opened = false
    while (!signal.aborted) {
      this.#wake = new AbortController()
      try {
        if (!opened) await store.open()
        opened = true
        for (let step = 0; step < STEPS_AT_ONCE; step += 1) if (!(await this.#step())) break
        if (this.#failing) this.#debug('the fleet’s store answers again')
        this.#failing = false
      } catch (error) {
        this.#failed(error)
      }
      if (signal.aborted) return
      // A shard that has been closed is given back at once.
      await sleep(clock, timing.renewMs, this.#wake.signal)
    }
  }

  /** One renewal and what follows from it. True: there is more to do at once. */
  async #step(): Promise<boolean> {
    const { clock, store } = this.#options
    const sentAt = clock.now()
    const sentAtWall = clock.wall()
    const claims = this.#claims()
    const request = { version: this.#view.version, held: this.#slots.size, join: this.#join, claims }
    const reply = await store.renew({ ...this.caller, ...request })
    if (this.#stop.signal.aborted) return false
    if (reply.kind !== 'ok') return this.#refused(reply)
    this.#lease.renewed(sentAt, sentAtWall)
    this.#learn(reply)
    if (request.join !== undefined) this.#admitted()
    if (this.#slots.returns.length > 0) {
      await this.#giveBack(false)
      return true
    }
    return this.#plan(reply)
  }

  #claims(): RenewRequest['claims'] {
    const { count, generation } = this.#view
    if (!this.#claiming || count === undefined) return undefined
    return { holdings: this.#slots.holdings, count, generation }
  }

  async #refused(reply: Refused): Promise<boolean> {
    switch (reply.kind) {
      case 'epoch':
        this.#debug('the fleet’s store was emptied, rolled back or restarted: this member says what it had')
        this.#claiming = true
        return true
      case 'count': {
        const count = (await this.#client?.recommendedShards()) ?? 1
        this.#join = { kind: 'auto', count }
        return true
      }
      case 'gone':
        // Others have its shards, or will. Its own lease ended before.
        this.#debug('this member was away for longer than its lease: it joins anew')
        this.#lease.end()
        this.#drop(this.#slots.holdings.map(({ shardId }) => shardId))
        await this.#slots.settled()
        this.#join = { kind: 'auto', count: this.#view.count ?? 0 }
        this.#view = { ...this.#view, version: -1 }
        return true
    }
  }

  /** What a renewal says. */
  #learn(reply: Renewed): void {
    const { clock } = this.#options
    const before = this.#view
    this.#view = learned(before, reply)
    this.#join = undefined
    // Until then a member that is away may still claim its shards.
    if (reply.epoch !== before.epoch) this.#openAt = clock.now() + Math.max(0, reply.holdUntil - reply.now)
    if (reply.own !== undefined) this.#reconcile(reply.own)
    if (this.#claiming) this.#options.sessions().writeAll(this.#slots.kept)
    this.#claiming = false
    if (before.count !== undefined && reply.count !== before.count) this.#nextGeneration()
    if (clock.now() >= this.#openAt) this.#slots.resume(reply.count)
  }

  /** The store's list counts. */
  #reconcile(own: readonly Holding[]): void {
    const mine = new Map(this.#slots.holdings.map(({ shardId, token }) => [shardId, token]))
    const theirs = new Set(own.map(({ shardId }) => shardId))
    for (const holding of own)
      if (mine.get(holding.shardId) !== holding.token) this.#slots.addUnknown(holding)
    this.#drop([...mine.keys()].filter((shardId) => !theirs.has(shardId)))
  }

  #drop(shardIds: readonly number[]): void {
    for (const shardId of shardIds) this.#options.sessions().forget(shardId)
    this.#slots.drop(shardIds, 'another member of the fleet has the shard')
  }

  /** The bot has another number of shards: the sessions of the old ones are of no use. */
  #nextGeneration(): void {
    this.#debug('the fleet has another number of shards: the old sessions end')
    for (const shardId of this.#slots.kept) this.#options.sessions().forget(shardId)
    this.#slots.giveBack(this.#slots.kept, false, 'the fleet has another number of shards')
  }

  #admitted(): void {
    const { members, count } = this.#view
    this.#debug(`joined the fleet as ${this.#name}: ${members.length} members, ${count} shards`)
  }

  async #plan(reply: Renewed): Promise<boolean> {
    const { kept } = this.#slots
    const quota = divide(this.#view.members, reply.count).get(this.#name) ?? 0
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
    const taken = await this.#options.store.take(this.caller, want)
    if ('kind' in taken) return this.#refused(taken)
    for (const shard of taken) this.#taken(shard)
    if (this.#lease.stands) this.#slots.resume(this.#view.count ?? 1)
    this.#settle()
    return taken.length > 0
  }

  #taken(shard: TakenShard): void {
    const { shardId, token, record, identifyAfterMs } = shard
    this.#view = { ...this.#view, tide: Math.max(this.#view.tide, token) }
    this.#identifyAfter.delete(shardId)
    if (identifyAfterMs > 0) this.#identifyAfter.set(shardId, this.#options.clock.now() + identifyAfterMs)
    this.#options.sessions().loaded(shardId, record)
    this.#slots.add({ shardId, token })
  }

  /** The member has its first part of the shards, if there is one for it. */
  #settle(): void {
    this.#joined?.resolve()
    this.#joined = undefined
  }

  async #giveBack(leave: boolean): Promise<void> {
    const { store, sessions } = this.#options
    const { returns } = this.#slots
    const writes = returns.map(({ shardId, token, untouched }) =>
      untouched
        ? { shardId, token, session: undefined, sequence: 0, final: false }
        : sessions().writeOf(shardId, token),
    )
    await store.release(this.caller, writes, leave)
    for (const { shardId } of returns) {
      this.#slots.remove(shardId)
      sessions().forget(shardId)
    }
  }

  /** Hands everything over. A store that was emptied meanwhile is told first what the member had. */
  async #goodbye(signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#options
    // It never got an answer: there is nothing to hand over.
    if (this.#view.epoch === '') return
    while (!signal.aborted)
      try {
        const request = { version: this.#view.version, held: this.#slots.size, join: undefined }
        const reply = await store.renew({ ...this.caller, ...request, claims: this.#claims() })
        if (reply.kind === 'ok') this.#view = learned(this.#view, reply)
        if (reply.kind === 'epoch') {
          this.#claiming = true
          continue
        }
        await this.#giveBack(true)
        return
      } catch {
        await sleep(clock, LEAVE_RETRY_MS, signal)
      }
  }

  #closed(shardId: number, session: GatewaySession | null): void {
    this.#options.sessions().closed(shardId, session)
    this.#wake.abort()
  }

  #leaseEnded(): void {
    this.#debug(
      'the fleet’s store is away for longer than the lease: the shards close, their sessions are kept',
    )
    this.#slots.suspend('the lease of the shard has ended')
  }

  #failed(error: unknown): void {
    const isAway = error instanceof StoreUnavailable
    const cause = error instanceof Error ? error : new Error('unknown')
    if (this.#joined !== undefined && !isAway) {
      const isNamed = cause instanceof GatewayError || cause instanceof TransportError
      this.#joined.reject(isNamed ? cause : storeRefused(cause))
      this.#stop.abort()
      return
    }
    if (!this.#failing) this.#debug(`the fleet’s store failed: ${cause.message}`)
    this.#failing = true
  }

  #debug(line: string): void {
    this.#client?.debug(line)
  }
}

/** Before the first client. */
const NOBODY = { open: () => undefined, close: () => Promise.resolve(null) }
