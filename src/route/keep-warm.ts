/** The first wait after a failed attempt, doubled with each one that follows. */
const MIN_DELAY_MS = 1_000
const MAX_DELAY_MS = 60_000

/**
 * Keeps one tunnel to an origin ready for as long as somebody holds it: for Discord's REST API while a gateway
 * socket is open, so that the first reply after hours of silence costs one round trip. A tunnel that ends is
 * opened again at once; after a failure the next attempt waits, since sends have their own.
 */
export class KeepWarm {
  readonly #open: () => Promise<void>
  #holders = 0
  #delayMs = 0
  #timer: NodeJS.Timeout | undefined

  /** @param open opens a tunnel unless one stands */
  constructor(open: () => Promise<void>) {
    this.#open = open
  }

  /** @returns gives the hold back; further calls do nothing */
  hold(): () => void {
    this.#holders += 1
    if (this.#holders === 1) this.#schedule()
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#holders -= 1
      if (this.#holders === 0) this.stop()
    }
  }

  /** The origin has no tunnel any more. */
  onCold(): void {
    if (this.#holders > 0 && this.#timer === undefined) this.#schedule()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    // It must not keep a process alive that has nothing else to do.
    this.#timer = setTimeout(() => {
      this.#open().then(
        () => {
          this.#timer = undefined
          this.#delayMs = 0
        },
        () => {
          this.#timer = undefined
          this.#delayMs = Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, this.#delayMs * 2))
          this.onCold()
        },
      )
    }, this.#delayMs).unref()
  }
}
