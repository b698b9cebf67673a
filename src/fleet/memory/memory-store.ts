import { randomUUID } from 'node:crypto'
import type {
  Caller,
  FleetStore,
  Holding,
  Refused,
  Renewed,
  RenewRequest,
  SessionWrite,
  StoredRecord,
  TakenShard,
  Turn,
  TurnRequest,
} from '../store.js'
import { FLEET_TIMING, systemClock, type FleetClock } from '../timing.js'
import { MemoryTurns } from './memory-turns.js'

interface Owner {
  readonly member: string
  readonly token: number
  readonly generation: number
}

export interface MemoryOptions {
  readonly clock: FleetClock
  readonly termMs: number
}

/**
 * A fleet's store in the memory of one process: for tests, and for several gateways in one process. The members that
 * share it are one fleet. It does what the scripts do in Redis, and cannot be away, restarted or rolled back.
 */
export class FleetMemory {
  readonly #options: MemoryOptions
  readonly #epoch = randomUUID()
  readonly #members = new Map<string, number>()
  readonly #owners = new Map<number, Owner>()
  readonly #held = new Map<string, Set<number>>()
  readonly #records = new Map<number, StoredRecord>()
  readonly #turns = new MemoryTurns()
  #token = 0
  #version = 0
  #generation = 0
  #count = 0

  /** @internal `options` are for tests. */
  constructor(options: Partial<MemoryOptions> = {}) {
    this.#options = { clock: systemClock, termMs: FLEET_TIMING.termMs, ...options }
  }

  /** @internal The view of one member. */
  store(): FleetStore {
    return {
      open: () => Promise.resolve(),
      renew: (request) => Promise.resolve(this.#renew(request)),
      take: (caller, want) => Promise.resolve(this.#take(caller, want)),
      release: async (caller, writes, leave) => {
        this.#release(caller, writes, leave)
        return Promise.resolve()
      },
      save: async (caller, writes) => {
        this.#save(caller, writes)
        return Promise.resolve()
      },
      turn: (request) => Promise.resolve(this.#turn(request)),
      giveBack: async ({ shardId }, at) => {
        this.#turns.giveBack(this.#now, shardId, at)
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    }
  }

  get #now(): number {
    return Math.floor(this.#options.clock.now())
  }

  #renew({ member, version, held, join }: RenewRequest): Renewed | Refused {
    const now = this.#now
    if (join === undefined && !this.#members.has(member)) return { kind: 'gone' }
    if (join !== undefined) {
      if (this.#count === 0 && join.count === 0) return { kind: 'count' }
      if (this.#count === 0 || (join.kind === 'fixed' && join.count !== this.#count)) {
        this.#count = join.count
        this.#generation += 1
        this.#version += 1
      }
    }
    if (!this.#members.has(member)) this.#version += 1
    this.#members.set(member, now + this.#options.termMs)
    this.#expire(now)
    const own = this.#held.get(member) ?? new Set<number>()
    return {
      kind: 'ok',
      now,
      epoch: this.#epoch,
      holdUntil: 0,
      tide: this.#token,
      version: this.#version,
      generation: this.#generation,
      count: this.#count,
      free: this.#count - this.#owners.size,
      members: version === this.#version ? undefined : this.#loads(),
      own: own.size === held ? undefined : [...own].map((shardId) => this.#holding(shardId)),
    }
  }

  #loads(): Renewed['members'] {
    return [...this.#members.keys()].map((member) => ({ member, held: this.#held.get(member)?.size ?? 0 }))
  }

  #holding(shardId: number): Holding {
    return { shardId, token: this.#owners.get(shardId)?.token ?? 0 }
  }

  #expire(now: number): void {
    for (const [member, ends] of this.#members) if (ends <= now) this.#dismiss(member)
  }

  #dismiss(member: string): void {
    for (const shardId of this.#held.get(member) ?? []) this.#owners.delete(shardId)
    this.#held.delete(member)
    this.#members.delete(member)
    this.#version += 1
  }

  #take({ member }: Caller, want: number): readonly TakenShard[] | Refused {
    if (!this.#members.has(member)) return { kind: 'gone' }
    // Two generations would give the bot each event twice.
    for (const { generation } of this.#owners.values()) if (generation !== this.#generation) return []
    const held = this.#held.get(member) ?? new Set<number>()
    this.#held.set(member, held)
    const most = Math.min(want, Math.ceil(this.#count / this.#members.size) - held.size)
    const taken: TakenShard[] = []
    for (let shardId = 0; shardId < this.#count && taken.length < most; shardId += 1) {
      if (this.#owners.has(shardId)) continue
      const token = ++this.#token
      this.#owners.set(shardId, { member, token, generation: this.#generation })
      held.add(shardId)
      const record = this.#records.get(shardId)
      if (record !== undefined) this.#records.set(shardId, { ...record, final: false })
      taken.push({ shardId, token, record, identifyAfterMs: 0 })
    }
    if (taken.length > 0) this.#version += 1
    return taken
  }

  #isOwner({ member }: Caller, { shardId, token }: Holding): boolean {
    const owner = this.#owners.get(shardId)
    return owner?.member === member && owner.token === token
  }

  #save(caller: Caller, writes: readonly SessionWrite[]): void {
    for (const write of writes) if (this.#isOwner(caller, write)) this.#write(write)
  }

  #write({ shardId, session, sequence, final }: SessionWrite): void {
    const before = this.#records.get(shardId)
    if (session === null) this.#records.delete(shardId)
    else if (session !== undefined) this.#records.set(shardId, { session, sequence, final })
    else if (before !== undefined && sequence > 0)
      this.#records.set(shardId, { session: before.session, sequence, final })
  }

  #release(caller: Caller, writes: readonly SessionWrite[], leave: boolean): void {
    for (const write of writes) {
      if (!this.#isOwner(caller, write)) continue
      this.#write(write)
      this.#owners.delete(write.shardId)
      this.#held.get(caller.member)?.delete(write.shardId)
      this.#version += 1
    }
    if (leave) this.#dismiss(caller.member)
  }

  #turn(request: TurnRequest): Turn {
    if (!this.#isOwner(request, request)) return { kind: 'gone' }
    return this.#turns.next(this.#now, request.shardId, request.limit, request.isNew, request.missed)
  }
}
