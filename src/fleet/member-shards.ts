import type { GatewayFleetMember, GatewaySession } from '../index.js'
import type { SessionWriter } from './session-writer.js'
import type { Holding, Renewed, SessionWrite, TakenShard } from './store.js'
import type { FleetClock } from './timing.js'

type Wanted =
  /** To be open while the lease stands. */
  | 'run'
  /** To be closed and given back. */
  | 'give back'
  /** The store has given it to another member: to be closed. */
  | 'drop'

interface Slot {
  readonly shardId: number
  token: number
  phase: 'open' | 'closing' | 'closed'
  wanted: Wanted
  keepSession: boolean
  /** Whether the session of the store is left as it is. */
  untouched: boolean
}

export interface MemberShardsOptions {
  readonly client: Pick<GatewayFleetMember, 'open' | 'close'>
  readonly sessions: SessionWriter
  readonly clock: FleetClock
  /** A shard has been closed, with what it takes to resume. */
  readonly closed: (shardId: number, session: GatewaySession | null) => void
}

/** Before the first client. */
export const NOBODY: MemberShardsOptions['client'] = {
  open: () => undefined,
  close: () => Promise.resolve(null),
}

/** The shards that a member has leases of: whether the client runs them, and their sessions. */
export class MemberShards {
  readonly #options: MemberShardsOptions
  readonly #slots = new Map<number, Slot>()
  readonly #closing = new Set<Promise<void>>()
  readonly #identifyAfter = new Map<number, number>()
  /** Given back with a session, which nobody but the store may know yet. */
  readonly #handedOver = new Map<number, SessionWrite>()

  constructor(options: MemberShardsOptions) {
    this.#options = options
  }

  /** Those that it is to keep. */
  get kept(): readonly number[] {
    return [...this.#slots.values()].flatMap(({ shardId, wanted }) => (wanted === 'run' ? [shardId] : []))
  }

  /** Leases that the member has, as far as it knows. */
  get holdings(): readonly Holding[] {
    return [...this.#slots.values()].flatMap(({ shardId, token, wanted }) =>
      wanted === 'drop' ? [] : [{ shardId, token }],
    )
  }

  /** Closed, and ready to be given back. */
  get returns(): readonly (Holding & { readonly untouched: boolean })[] {
    return [...this.#slots.values()].filter(
      ({ wanted, phase }) => wanted === 'give back' && phase === 'closed',
    )
  }

  token(shardId: number): number | undefined {
    const slot = this.#slots.get(shardId)
    return slot?.wanted === 'drop' ? undefined : slot?.token
  }

  isOpen(shardId: number): boolean {
    return this.#slots.get(shardId)?.phase === 'open'
  }

  /** Milliseconds until a shard may identify; see `TakenShard`. */
  blockedMs(shardId: number): number {
    return Math.max(0, (this.#identifyAfter.get(shardId) ?? 0) - this.#options.clock.now())
  }

  /** Shards that the store has given. */
  take(shards: readonly TakenShard[]): void {
    for (const { shardId, token, record, identifyAfterMs } of shards) {
      this.#identifyAfter.delete(shardId)
      this.#handedOver.delete(shardId)
      if (identifyAfterMs > 0) this.#identifyAfter.set(shardId, this.#options.clock.now() + identifyAfterMs)
      this.#options.sessions.loaded(shardId, record)
      this.#add({ shardId, token })
    }
  }

  /** What the store says of the leases counts. */
  reconcile({ own, free }: Pick<Renewed, 'own' | 'free'>): void {
    // Every shard has an owner, which knows its session.
    if (free === 0) this.#handedOver.clear()
    if (own === undefined) return
    const mine = new Map(this.holdings.map(({ shardId, token }) => [shardId, token]))
    const theirs = new Set(own.map(({ shardId }) => shardId))
    for (const holding of own) if (mine.get(holding.shardId) !== holding.token) this.#addReturn(holding, true)
    this.lose([...mine.keys()].filter((shardId) => !theirs.has(shardId)))
  }

  /** Other members have them, or will. */
  lose(shardIds: readonly number[]): void {
    for (const shardId of shardIds) this.#options.sessions.forget(shardId)
    this.#leave(shardIds, 'drop', true, 'another member of the fleet has the shard')
  }

  /**
   * The store has lost its memory: what was handed over and has perhaps not been taken is claimed, so that it is given
   * back once more. An owner that has taken it has a higher token. Nothing counts as closed in order: an owner that
   * the store forgot may have gone on with it and died.
   */
  reclaim(): void {
    this.#options.sessions.doubtAll()
    for (const { shardId, token, session, sequence } of this.#handedOver.values()) {
      if (this.token(shardId) !== undefined || typeof session !== 'string') continue
      this.#options.sessions.loaded(shardId, { session, sequence, final: false })
      this.#addReturn({ shardId, token }, false)
    }
    this.#handedOver.clear()
  }

  /** The bot has another number of shards: the sessions of the old ones are of no use. */
  end(): void {
    this.#handedOver.clear()
    const { kept } = this
    for (const shardId of kept) this.#options.sessions.forget(shardId)
    this.giveBack(kept, false, 'the fleet has another number of shards')
  }

  /** What the store is to have of the leases that go back. */
  writes(): readonly SessionWrite[] {
    return this.returns.map(({ shardId, token, untouched }) =>
      untouched
        ? { shardId, token, session: undefined, sequence: 0, final: false }
        : this.#options.sessions.writeOf(shardId, token),
    )
  }

  /** The store has taken them back. */
  returned(writes: readonly SessionWrite[]): void {
    for (const write of writes) {
      const { shardId } = write
      this.#slots.delete(shardId)
      this.#options.sessions.forget(shardId)
      if (typeof write.session === 'string') this.#handedOver.set(shardId, write)
    }
  }

  giveBack(shardIds: Iterable<number>, keepSession: boolean, reason: string): void {
    this.#leave(shardIds, 'give back', keepSession, reason)
  }

  /** The lease has ended for the moment: the shards are closed, and opened again when it stands. */
  suspend(reason: string): void {
    for (const slot of this.#slots.values()) this.#close(slot, reason)
  }

  /** Opens what is to run. */
  resume(shardCount: number): void {
    for (const slot of this.#slots.values()) {
      if (slot.wanted !== 'run' || slot.phase !== 'closed') continue
      slot.phase = 'open'
      this.#options.client.open(slot.shardId, shardCount)
    }
  }

  /** Resolves when every socket that is being closed is. */
  async settled(): Promise<void> {
    while (this.#closing.size > 0) await Promise.all(this.#closing)
  }

  /** A lease that the store has given. */
  #add({ shardId, token }: Holding): Slot {
    const phase = this.#slots.get(shardId)?.phase ?? 'closed'
    const slot: Slot = { shardId, token, phase, wanted: 'run', keepSession: true, untouched: false }
    this.#slots.set(shardId, slot)
    return slot
  }

  /** A lease that goes back. @param untouched whether the member did not know of it: its session stays as it is */
  #addReturn(holding: Holding, untouched: boolean): void {
    Object.assign(this.#add(holding), { wanted: 'give back', untouched } satisfies Partial<Slot>)
  }

  #leave(shardIds: Iterable<number>, wanted: Wanted, keepSession: boolean, reason: string): void {
    for (const shardId of shardIds) {
      const slot = this.#slots.get(shardId)
      if (slot === undefined) continue
      slot.wanted = wanted
      slot.keepSession = keepSession
      if (slot.phase === 'open') this.#close(slot, reason)
      else if (slot.phase === 'closed') this.#closed(slot)
    }
  }

  #close(slot: Slot, reason: string): void {
    if (slot.phase !== 'open') return
    slot.phase = 'closing'
    const { shardId, keepSession } = slot
    const closing = this.#options.client
      .close(shardId, { keepSession, reason })
      .catch(() => null)
      .then((session) => {
        this.#closing.delete(closing)
        slot.phase = 'closed'
        // A lease that was given meanwhile is another slot of the same shard.
        const current = this.#slots.get(shardId)
        if (current !== undefined) current.phase = 'closed'
        if (slot.wanted !== 'drop') this.#options.closed(shardId, session)
        this.#closed(slot)
      })
    this.#closing.add(closing)
  }

  #closed(slot: Slot): void {
    if (slot.wanted === 'drop' && this.#slots.get(slot.shardId) === slot) this.#slots.delete(slot.shardId)
  }
}
