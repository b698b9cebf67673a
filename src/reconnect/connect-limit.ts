import { abortable, leaveOnce, type Leave } from './abortable.js'

/**
 * How many connections may be opened at one time. When a proxy comes back, hundreds of shards must not connect to
 * it at once, and their TLS handshakes must not block the event loop.
 */
export class ConnectLimit {
  readonly #waiting = new Set<() => void>()
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  /**
   * Resolves when there is a place, in the order of the calls. An abort gives up the wait, or the place.
   *
   * @throws the reason of the signal
   */
  enter(signal: AbortSignal): Promise<Leave> {
    return abortable(signal, (resolve) => {
      const admit = (): void => resolve(this.#take(signal))
      if (this.#free > 0) admit()
      else this.#waiting.add(admit)
      return () => this.#waiting.delete(admit)
    })
  }

  #take(signal: AbortSignal): Leave {
    this.#free -= 1
    return leaveOnce(signal, () => {
      this.#free += 1
      const [next] = this.#waiting
      if (next === undefined) return
      this.#waiting.delete(next)
      next()
    })
  }
}
