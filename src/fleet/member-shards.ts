import type { SessionWriter } from './session-writer.js'
import { ShardSlots, type ShardSlotsOptions } from './shard-slots.js'
import type { Renewed, SessionWrite, TakenShard } from './store.js'
import type { FleetClock } from './timing.js'

export interface MemberShardsOptions extends ShardSlotsOptions {
  readonly sessions: SessionWriter
  readonly clock: FleetClock
}

/** Before the first client. */
export const NOBODY: ShardSlotsOptions['client'] = {
  open: () => undefined,
  close: () => Promise.resolve(null),
}

/** The shards of a member together with their sessions. */
export class MemberShards extends ShardSlots {
  readonly #sessions: SessionWriter
  readonly #clock: FleetClock
  readonly #identifyAfter = new Map<number, number>()
  /** Given back with a session, which nobody but the store may know yet. */
  readonly #handedOver = new Map<number, SessionWrite>()

  constructor(options: MemberShardsOptions) {
    super(options)
    this.#sessions = options.sessions
    this.#clock = options.clock
  }

  /** Milliseconds until a shard may identify; see `TakenShard`. */
  blockedMs(shardId: number): number {
    return Math.max(0, (this.#identifyAfter.get(shardId) ?? 0) - this.#clock.now())
  }

  /** Shards that the store has given. */
  take(shards: readonly TakenShard[]): void {
    for (const { shardId, token, record, identifyAfterMs } of shards) {
      this.#identifyAfter.delete(shardId)
      this.#handedOver.delete(shardId)
      if (identifyAfterMs > 0) this.#identifyAfter.set(shardId, this.#clock.now() + identifyAfterMs)
      this.#sessions.loaded(shardId, record)
      this.add({ shardId, token })
    }
  }

  /** What the store says of the leases counts. */
  reconcile({ own, free }: Pick<Renewed, 'own' | 'free'>): void {
    // Every shard has an owner, which knows its session.
    if (free === 0) this.#handedOver.clear()
    if (own === undefined) return
    const mine = new Map(this.holdings.map(({ shardId, token }) => [shardId, token]))
    const theirs = new Set(own.map(({ shardId }) => shardId))
    for (const holding of own) if (mine.get(holding.shardId) !== holding.token) this.addUnknown(holding)
    this.lose([...mine.keys()].filter((shardId) => !theirs.has(shardId)))
  }

  /** Other members have them, or will. */
  lose(shardIds: readonly number[]): void {
    for (const shardId of shardIds) this.#sessions.forget(shardId)
    this.drop(shardIds, 'another member of the fleet has the shard')
  }

  /**
   * The store has lost its memory: what was handed over and has perhaps not been taken is claimed, so that it is given
   * back once more. An owner that has taken it has a higher token. Nothing counts as closed in order: an owner that
   * the store forgot may have gone on with it and died.
   */
  reclaim(): void {
    this.#sessions.doubtAll()
    for (const { shardId, token, session, sequence } of this.#handedOver.values()) {
      if (this.token(shardId) !== undefined || typeof session !== 'string') continue
      this.#sessions.loaded(shardId, { session, sequence, final: false })
      this.addReturn({ shardId, token })
    }
    this.#handedOver.clear()
  }

  /** The bot has another number of shards: the sessions of the old ones are of no use. */
  end(): void {
    this.#handedOver.clear()
    const { kept } = this
    for (const shardId of kept) this.#sessions.forget(shardId)
    this.giveBack(kept, false, 'the fleet has another number of shards')
  }

  /** What the store is to have of the leases that go back. */
  writes(): readonly SessionWrite[] {
    return this.returns.map(({ shardId, token, untouched }) =>
      untouched
        ? { shardId, token, session: undefined, sequence: 0, final: false }
        : this.#sessions.writeOf(shardId, token),
    )
  }

  /** The store has taken them back. */
  returned(writes: readonly SessionWrite[]): void {
    for (const write of writes) {
      const { shardId } = write
      this.remove(shardId)
      this.#sessions.forget(shardId)
      if (typeof write.session === 'string') this.#handedOver.set(shardId, write)
    }
  }
}
