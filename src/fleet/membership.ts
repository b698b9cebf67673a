import { randomUUID } from 'node:crypto'
import { divide } from './division.js'
import { learned, UNKNOWN, type FleetView } from './fleet-view.js'
import type { Caller, Holding, Renewed, RenewRequest } from './store.js'

/** What a member says of itself with each renewal, and what the store has told it. */
export class Membership {
  /** Another name with each joining: a member that comes back is not taken for the one that left. */
  readonly name: string
  #view: FleetView = UNKNOWN
  #join: RenewRequest['join']
  #isClaiming = false

  /** @param shardCount of the bot; undefined takes what stands */
  constructor(name = '', shardCount?: number) {
    this.name = name
    this.#join = shardCount === undefined ? { kind: 'auto', count: 0 } : { kind: 'fixed', count: shardCount }
  }

  static begin(shardCount: number | undefined): Membership {
    return new Membership(randomUUID().slice(0, 13), shardCount)
  }

  get view(): FleetView {
    return this.#view
  }

  get caller(): Caller {
    const { epoch, tide } = this.#view
    return { member: this.name, epoch, tide }
  }

  /** For a line of the log. */
  get summary(): string {
    const { members, count } = this.#view
    return `${this.name}: ${members.length} members, ${count} shards`
  }

  /** How many shards are its part. */
  get quota(): number {
    return divide(this.#view.members, this.#view.count ?? 0).get(this.name) ?? 0
  }

  /** @param holdings the leases that the member believes to have */
  renewal(holdings: readonly Holding[]): RenewRequest {
    const { version, count, generation } = this.#view
    const claims = this.#isClaiming && count !== undefined ? { holdings, count, generation } : undefined
    return { ...this.caller, version, held: holdings.length, join: this.#join, claims }
  }

  /** The renewal was answered; returns what was known before. */
  renewed(reply: Renewed): FleetView & { readonly claimed: boolean } {
    const before = { ...this.#view, claimed: this.#isClaiming }
    this.#view = learned(this.#view, reply)
    this.#join = undefined
    this.#isClaiming = false
    return before
  }

  /** Nobody has said how many shards there are. */
  propose(count: number): void {
    this.#join = { kind: 'auto', count }
  }

  /** The store has another epoch: the next renewal says what the member had. */
  claim(): void {
    this.#isClaiming = true
  }

  /** The store no longer knows the member. */
  rejoin(): void {
    this.#join = { kind: 'auto', count: this.#view.count ?? 0 }
    this.#view = { ...this.#view, version: -1 }
  }

  /** Leases with these tokens exist. */
  seen(tokens: readonly number[]): void {
    this.#view = { ...this.#view, tide: Math.max(this.#view.tide, ...tokens) }
  }
}
