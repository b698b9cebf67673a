import type { GatewayFleetMember, GatewaySession } from '../index.js'
import type { Holding } from './store.js'

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

export interface ShardSlotsOptions {
  readonly client: Pick<GatewayFleetMember, 'open' | 'close'>
  /** A shard has been closed, with what it takes to resume. */
  readonly closed: (shardId: number, session: GatewaySession | null) => void
}

/** The shards that a member has leases of, and whether the client runs them. */
export class ShardSlots {
  readonly #options: ShardSlotsOptions
  readonly #slots = new Map<number, Slot>()
  readonly #closing = new Set<Promise<void>>()

  constructor(options: ShardSlotsOptions) {
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

  get isClosing(): boolean {
    return this.#closing.size > 0
  }

  token(shardId: number): number | undefined {
    const slot = this.#slots.get(shardId)
    return slot?.wanted === 'drop' ? undefined : slot?.token
  }

  isOpen(shardId: number): boolean {
    return this.#slots.get(shardId)?.phase === 'open'
  }

  /** A lease that the store has given. */
  add({ shardId, token }: Holding): void {
    const phase = this.#slots.get(shardId)?.phase ?? 'closed'
    const slot: Slot = { shardId, token, phase, wanted: 'run', keepSession: true, untouched: false }
    this.#slots.set(shardId, slot)
  }

  /** A lease that the member did not know of: it goes back, and the session stays as it is. */
  addUnknown(holding: Holding): void {
    this.addReturn(holding, true)
  }

  /** A lease that goes back. */
  addReturn(holding: Holding, untouched = false): void {
    this.add(holding)
    const slot = this.#slots.get(holding.shardId)
    if (slot !== undefined) Object.assign(slot, { wanted: 'give back', untouched } satisfies Partial<Slot>)
  }

  remove(shardId: number): void {
    this.#slots.delete(shardId)
  }

  giveBack(shardIds: Iterable<number>, keepSession: boolean, reason: string): void {
    this.#leave(shardIds, 'give back', keepSession, reason)
  }

  /** Another member has them. */
  drop(shardIds: Iterable<number>, reason: string): void {
    this.#leave(shardIds, 'drop', true, reason)
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
    while (this.isClosing) await Promise.all(this.#closing)
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
