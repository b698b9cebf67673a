import type { GatewaySession, GatewaySessionStore } from '../index.js'
import type { SessionWrite, StoredRecord } from './store.js'
import type { FleetClock } from './timing.js'

export interface SessionWriterOptions {
  readonly clock: FleetClock
  /** From an event to the write of its sequence. */
  readonly writeMs: number
  /** The fencing token of a shard's lease; undefined where the member has none. */
  readonly token: (shardId: number) => number | undefined
  /** Writes all at once. Rejects where the store is away. */
  readonly write: (writes: readonly SessionWrite[]) => Promise<void>
}

interface Entry {
  session: GatewaySession
  final: boolean
}

/** After a write that failed. */
const RETRY_MS = 250

/** The sessions of a member's shards. The store follows, with one command for all that changed. */
export class SessionWriter implements GatewaySessionStore {
  readonly #options: SessionWriterOptions
  readonly #entries = new Map<number, Entry>()
  /** Shards to be written, and whether more than their sequence has changed: their session began or ended. */
  readonly #pending = new Map<number, boolean>()
  #cancel: (() => void) | undefined
  #dueAt = Infinity
  #writing = false
  #stopped = false

  constructor(options: SessionWriterOptions) {
    this.#options = options
  }

  load(shardId: number): GatewaySession | null {
    const entry = this.#entries.get(shardId)
    return entry === undefined ? null : { ...entry.session, handedOver: entry.final }
  }

  save(session: GatewaySession): void {
    const { shardId } = session
    const entry = this.#entries.get(shardId)
    const hasMoved = entry?.session.id === session.id
    if (entry === undefined) this.#entries.set(shardId, { session, final: false })
    else {
      entry.session = session
      entry.final = false
    }
    // Until a new session is written, nobody could resume it.
    this.#mark(shardId, !hasMoved)
    this.#schedule(hasMoved ? this.#options.writeMs : 0)
  }

  remove(shardId: number): void {
    this.#entries.delete(shardId)
    this.#mark(shardId, true)
    this.#schedule(0)
  }

  /** What the store has of a shard that the member now has the lease of. */
  loaded(shardId: number, record: StoredRecord | undefined): void {
    this.forget(shardId)
    const session = record === undefined ? undefined : readSession(record)
    if (record !== undefined && session !== undefined)
      this.#entries.set(shardId, { session, final: record.final })
  }

  /**
   * The shard is closed in order. Without a session what was loaded stays: the client had not asked for it yet. A
   * session that was closed before RESUMED may be behind what an owner before this one handled.
   */
  closed(shardId: number, session: GatewaySession | null): void {
    if (session !== null) this.#entries.set(shardId, { session, final: session.handedOver !== false })
  }

  /** Owners that the store no longer knows of may have gone on with sessions that were closed here. */
  doubtAll(): void {
    for (const entry of this.#entries.values()) entry.final = false
  }

  /** Another member has it. */
  forget(shardId: number): void {
    this.#entries.delete(shardId)
    this.#pending.delete(shardId)
  }

  /** What the store is to have of a shard whose lease is given back. */
  writeOf(shardId: number, token: number): SessionWrite {
    const entry = this.#entries.get(shardId)
    if (entry === undefined) return { shardId, token, session: null, sequence: 0, final: false }
    const { session, final } = entry
    return { shardId, token, session: sessionText(session), sequence: session.sequence, final }
  }

  /** No session is kept. */
  forgetAll(): void {
    this.#entries.clear()
  }

  /** The store may have lost what it had. */
  writeAll(shardIds: Iterable<number>): void {
    for (const shardId of shardIds) if (this.#entries.has(shardId)) this.#mark(shardId, true)
    this.#schedule(0)
  }

  start(): void {
    this.#stopped = false
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
    this.#dueAt = Infinity
    this.#entries.clear()
    this.#pending.clear()
  }

  #mark(shardId: number, hasChanged: boolean): void {
    this.#pending.set(shardId, hasChanged || this.#pending.get(shardId) === true)
  }

  #schedule(ms: number): void {
    if (this.#stopped || this.#pending.size === 0) return
    const { clock } = this.#options
    const dueAt = clock.now() + ms
    if (this.#writing || dueAt >= this.#dueAt) return
    this.#cancel?.()
    this.#dueAt = dueAt
    this.#cancel = clock.after(ms, () => void this.#flush())
  }

  async #flush(): Promise<void> {
    this.#cancel = undefined
    this.#dueAt = Infinity
    this.#writing = true
    const pending = [...this.#pending]
    this.#pending.clear()
    const writes = pending.flatMap(([shardId, hasChanged]) => this.#write(shardId, !hasChanged))
    let retryMs: number | undefined
    try {
      if (writes.length > 0) await this.#options.write(writes)
    } catch {
      for (const [shardId, hasChanged] of pending) this.#mark(shardId, hasChanged)
      retryMs = RETRY_MS
    }
    this.#writing = false
    const isUrgent = [...this.#pending.values()].includes(true)
    this.#schedule(retryMs ?? (isUrgent ? 0 : this.#options.writeMs))
  }

  #write(shardId: number, sequenceAlone: boolean): readonly SessionWrite[] {
    const token = this.#options.token(shardId)
    if (token === undefined) return []
    // What is closed in order now may be open again before the next write: only a lease that is given back is final.
    const write = { ...this.writeOf(shardId, token), final: false }
    return [sequenceAlone && write.session !== null ? { ...write, session: undefined } : write]
  }
}

/** All but the sequence, which changes with each event. */
function sessionText({ id, resumeUrl, shardId, shardCount }: GatewaySession): string {
  return JSON.stringify({ id, resumeUrl, shardId, shardCount })
}

/** The gateway client checks it as it checks what any store gives. */
function readSession({ session, sequence }: StoredRecord): GatewaySession | undefined {
  try {
    return { ...(JSON.parse(session) as GatewaySession), sequence }
  } catch {
    return undefined
  }
}
