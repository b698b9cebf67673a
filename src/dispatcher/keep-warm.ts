/** The first wait after a failed attempt, doubled with each one that follows. */
const MIN_DELAY_MS = 1_000
const MAX_DELAY_MS = 60_000

/** A tunnel that ends sooner counts as a failure, so that a proxy that closes idle tunnels at once is not flooded. */
const STABLE_MS = 5_000

/**
 * Keeps one tunnel to an origin open for as long as at least one holder asks for it: to Discord's REST API while a
 * gateway socket is open, so that the first reply after hours of silence costs one round trip. A tunnel that ends is
 * opened again at once. After a failure the next attempt waits, since a send opens a tunnel of its own anyway.
 */
export class KeepWarm {
  readonly #open: () => Promise<void>
  #holders = 0
  #delayMs = 0
  #openedAt = -Infinity
  #opening = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  /** @param open opens a tunnel unless one stands */
  constructor(open: () => Promise<void>) {
    this.#open = open
  }

  /** @returns gives the hold back; further calls do nothing */
  hold(): () => void {
    this.#holders += 1
    if (this.#holders === 1) {
      this.#delayMs = 0
      this.#schedule()
    }
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#holders -= 1
      if (this.#holders === 0) this.#cancel()
    }
  }

  /** The origin has no tunnel any more. */
  onCold(): void {
    if (performance.now() - this.#openedAt < STABLE_MS) this.#wait()
    else this.#delayMs = 0
    this.#schedule()
  }

  /** For good. */
  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    if (this.#stopped || this.#holders === 0 || this.#opening || this.#timer !== undefined) return
    // It must not keep a process alive that has nothing else to do.
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#opening = true
      this.#open().then(
        () => {
          this.#opening = false
          this.#openedAt = performance.now()
        },
        () => {
          this.#opening = false
          this.#wait()
          this.#schedule()
        },
      )
    }, this.#delayMs).unref()
  }

  #wait(): void {
    this.#delayMs = Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, this.#delayMs * 2))
  }
}
