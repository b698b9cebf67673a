import type { SessionStartLimit } from '../index.js'

/** One shard that a member has a lease of. */
export interface Holding {
  readonly shardId: number
  /** The fencing token of the lease. It only grows: the store refuses the writes of an earlier one. */
  readonly token: number
}

/** What each command of a member says of it. */
export interface Caller {
  readonly member: string
  /** The epoch of the store that the member knows; '' before its first answer. */
  readonly epoch: string
  /** The highest token that the member has seen: a store with a lower one was rolled back. */
  readonly tide: number
}

export interface RenewRequest extends Caller {
  /** Of the list of members that is known. */
  readonly version: number
  /** How many leases the member believes to have. */
  readonly held: number
  /** Joins the fleet: with a number of shards of its own, or with whatever stands, which is proposed if none does. */
  readonly join: { readonly kind: 'fixed' | 'auto'; readonly count: number } | undefined
  /** After a change of the epoch: what the member had, open or not. */
  readonly claims: Claims | undefined
}

/** Shards that a member had of so many. */
export interface Claims {
  readonly holdings: readonly Holding[]
  readonly count: number
  readonly generation: number
}

export interface MemberLoad {
  readonly member: string
  readonly held: number
}

export interface Renewed {
  readonly kind: 'ok'
  readonly now: number
  readonly epoch: string
  /** No shard is given away before; milliseconds as in `now`. */
  readonly holdUntil: number
  readonly tide: number
  readonly version: number
  readonly generation: number
  readonly count: number
  /** How many shards have no owner. */
  readonly free: number
  /** All members, unless `version` was known. */
  readonly members: readonly MemberLoad[] | undefined
  /** The member's own leases, where their number is not what it believed, and after claims. */
  readonly own: readonly Holding[] | undefined
}

/** The store does not know the member, or has changed its epoch. */
export type Refused =
  | { readonly kind: 'gone' }
  | { readonly kind: 'epoch'; readonly epoch: string }
  /** `'auto'`, and nobody has said yet how many shards there are. */
  | { readonly kind: 'count' }

/** A session as the store keeps it. */
export interface StoredRecord {
  /** The session without its sequence, as JSON. */
  readonly session: string
  readonly sequence: number
  /** Its owner closed it in order. */
  readonly final: boolean
}

export interface TakenShard extends Holding {
  readonly record: StoredRecord | undefined
  /** Milliseconds until the shard may identify: a session without a record may still be open. */
  readonly identifyAfterMs: number
}

/** What becomes of the stored session: `undefined` leaves it, null removes it. */
export interface SessionWrite extends Holding {
  readonly session: string | null | undefined
  readonly sequence: number
  readonly final: boolean
}

export interface TurnRequest extends Holding, Caller {
  readonly limit: SessionStartLimit
  /** Whether the limit is a new answer of Discord. */
  readonly isNew: boolean
  /** A turn that came too late for the shard; 0 without. */
  readonly missed: number
}

/** Between two identifies of a bucket: Discord's five seconds, and what the later of two may be faster on the way. */
export const WINDOW_MS = 5_500

export type Turn =
  /** The shard may identify at `at`; `now` and `at` are the store's milliseconds. */
  | { readonly kind: 'turn'; readonly now: number; readonly at: number }
  /** The day's session starts are used up. */
  | { readonly kind: 'exhausted'; readonly waitMs: number }
  | Refused

/**
 * Where the members of a fleet meet. Each method is atomic. It rejects with `StoreUnavailable` where the store cannot be
 * reached in time, and with the store's own error where it refuses for good.
 */
export interface FleetStore {
  open(): Promise<void>
  renew(request: RenewRequest): Promise<Renewed | Refused>
  /** Takes up to so many shards without an owner. */
  take(caller: Caller, want: number): Promise<readonly TakenShard[] | Refused>
  /** Gives leases back; `leave` ends the membership. */
  release(caller: Caller, writes: readonly SessionWrite[], leave: boolean): Promise<void>
  /** Writes sessions; those whose token is no longer the owner's are not written. */
  save(caller: Caller, writes: readonly SessionWrite[]): Promise<void>
  turn(request: TurnRequest): Promise<Turn>
  /** Gives a turn back that is still to come. */
  giveBack(request: TurnRequest, at: number): Promise<void>
  close(): Promise<void>
}

/** The store could not be reached, or did not answer in time. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
