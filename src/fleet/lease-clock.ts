import type { FleetClock } from './timing.js'

/** Until when a member may believe in its leases. */
export class LeaseClock {
  readonly #clock: FleetClock
  readonly #holdMs: number
  readonly #onEnd: () => void
  #until = -Infinity
  #wallUntil = -Infinity
  #cancel: (() => void) | undefined

  /** @param onEnd called when the lease ends without having been renewed */
  constructor(clock: FleetClock, holdMs: number, onEnd: () => void) {
    this.#clock = clock
    this.#holdMs = holdMs
    this.#onEnd = onEnd
  }

  /**
   * Whether the lease stands at this moment. By two clocks: one goes on while the process is stopped, the other while
   * its machine is.
   */
  get stands(): boolean {
    return this.#clock.now() < this.#until && this.#clock.wall() < this.#wallUntil
  }

  /** A renewal that was sent then has been answered. The store's term began later. */
  renewed(sentAt: number, sentAtWall: number): void {
    this.#until = sentAt + this.#holdMs
    this.#wallUntil = sentAtWall + this.#holdMs
    this.#cancel?.()
    this.#cancel = this.#clock.after(Math.max(0, this.#until - this.#clock.now()), () => {
      this.#cancel = undefined
      this.#onEnd()
    })
  }

  /** The lease has ended, or is given up. */
  end(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#until = -Infinity
  }
}
