import type { GatewayIdentifyThrottler, SessionStartLimit } from '../index.js'
import type { Caller, FleetStore, TurnRequest } from './store.js'
import { sleep, type FleetClock } from './timing.js'

/** The member that asks for turns. */
interface TurnTaker {
  readonly caller: Caller
  token(shardId: number): number | undefined
  /** Milliseconds until a shard may identify at all. */
  blockedMs(shardId: number): number
}

interface Reservation {
  /** In the store's milliseconds. */
  readonly at: number
  /** The same by the member's clock, late by at most the time of the answer. */
  readonly localAt: number
}

/** So long before its turn a shard opens its connection: HELLO should have arrived when it may identify. */
const LEAD_MS = 1_000
/** A shard that comes later to its turn would identify too close to the next one. */
const LATE_MS = 250
/** After a question that failed. */
const RETRY_MS = 500
const MAX_WAIT_MS = 60_000
/** Until Discord has been asked: https://discord.com/developers/docs/events/gateway#session-start-limit-object */
const UNKNOWN_LIMIT: SessionStartLimit = {
  total: 1_000,
  remaining: 1_000,
  reset_after: 24 * 60 * 60_000,
  max_concurrency: 1,
}

/** The turns to identify of one member, which the store gives out over the whole fleet. */
export class IdentifyTurns implements GatewayIdentifyThrottler {
  readonly #store: Pick<FleetStore, 'turn' | 'giveBack'>
  readonly #member: TurnTaker
  readonly #clock: FleetClock
  readonly #reserved = new Map<number, Reservation>()
  #limit = UNKNOWN_LIMIT
  #isNew = false

  constructor(store: Pick<FleetStore, 'turn' | 'giveBack'>, member: TurnTaker, clock: FleetClock) {
    this.#store = store
    this.#member = member
    this.#clock = clock
  }

  configure(limit: SessionStartLimit): void {
    if (limit === this.#limit) return
    this.#limit = limit
    this.#isNew = true
  }

  /** Resolves a second before the turn. */
  async prepare(shardId: number, signal: AbortSignal): Promise<void> {
    const { localAt } = this.#reserved.get(shardId) ?? (await this.#reserve(shardId, signal))
    signal.addEventListener('abort', () => this.#giveBack(shardId), { once: true })
    await this.#until(localAt - LEAD_MS, signal)
  }

  async waitForIdentify(shardId: number, signal: AbortSignal): Promise<void> {
    let turn = this.#reserved.get(shardId) ?? (await this.#reserve(shardId, signal))
    for (;;) {
      try {
        await this.#until(turn.localAt, signal)
      } catch (error) {
        this.#giveBack(shardId)
        throw error
      }
      this.#reserved.delete(shardId)
      if (this.#clock.now() <= turn.localAt + LATE_MS) return
      turn = await this.#reserve(shardId, signal, turn.at)
    }
  }

  async #reserve(shardId: number, signal: AbortSignal, missed = 0): Promise<Reservation> {
    const clock = this.#clock
    for (;;) {
      await this.#until(clock.now() + this.#member.blockedMs(shardId), signal)
      const isNew = this.#isNew
      this.#isNew = false
      const turn = await this.#store.turn(this.#request(shardId, isNew, missed)).catch(() => undefined)
      if (turn?.kind !== 'turn') {
        this.#isNew ||= isNew && turn?.kind !== 'exhausted'
        const waitMs = turn?.kind === 'exhausted' ? turn.waitMs : RETRY_MS
        await this.#until(clock.now() + Math.min(waitMs, MAX_WAIT_MS), signal)
        continue
      }
      const reservation = { at: turn.at, localAt: clock.now() + turn.at - turn.now }
      this.#reserved.set(shardId, reservation)
      if (signal.aborted) this.#giveBack(shardId)
      signal.throwIfAborted()
      return reservation
    }
  }

  /** A turn that is not used goes to another shard. */
  #giveBack(shardId: number): void {
    const reservation = this.#reserved.get(shardId)
    if (reservation === undefined) return
    this.#reserved.delete(shardId)
    if (reservation.localAt <= this.#clock.now()) return
    this.#store.giveBack(this.#request(shardId, false, 0), reservation.at).catch(() => undefined)
  }

  #request(shardId: number, isNew: boolean, missed: number): TurnRequest {
    const token = this.#member.token(shardId) ?? 0
    return { ...this.#member.caller, shardId, token, limit: this.#limit, isNew, missed }
  }

  async #until(at: number, signal: AbortSignal): Promise<void> {
    const clock = this.#clock
    // A timer of Node may fire a millisecond early.
    for (let waitMs = at - clock.now(); waitMs > 0; waitMs = at - clock.now())
      await sleep(clock, Math.min(Math.ceil(waitMs), MAX_WAIT_MS), signal).then(() => signal.throwIfAborted())
    signal.throwIfAborted()
  }
}
