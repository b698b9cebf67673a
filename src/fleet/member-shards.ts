import type { SessionWriter } from './session-writer.js'
import { ShardSlots, type ShardSlotsOptions } from './shard-slots.js'
import type { Holding, SessionWrite, TakenShard } from './store.js'
import type { FleetClock } from './timing.js'

export interface MemberShardsOptions extends ShardSlotsOptions {
  readonly sessions: SessionWriter
  readonly clock: FleetClock
}

/** The shards of a member together with their sessions. */
export class MemberShards extends ShardSlots {
  readonly #sessions: SessionWriter
  readonly #clock: FleetClock
  readonly #identifyAfter = new Map<number, number>()

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
      if (identifyAfterMs > 0) this.#identifyAfter.set(shardId, this.#clock.now() + identifyAfterMs)
      this.#sessions.loaded(shardId, record)
      this.add({ shardId, token })
    }
  }

  /** The store's list counts. */
  reconcile(own: readonly Holding[]): void {
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

  /** The bot has another number of shards: the sessions of the old ones are of no use. */
  end(): void {
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
    for (const { shardId } of writes) {
      this.remove(shardId)
      this.#sessions.forget(shardId)
    }
  }
}
