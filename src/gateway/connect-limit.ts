/** Gives a place back; a second call does nothing. */
export type Leave = () => void

interface Waiter {
  readonly resolve: (leave: Leave) => void
  readonly signal: AbortSignal
  readonly giveUp: () => void
}

/**
 * How many connections may be under way at one time: when a proxy comes back, hundreds of shards must not
 * fall upon it, and their TLS handshakes must not hold the event loop.
 */
export class ConnectLimit {
  readonly #waiting = new Set<Waiter>()
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  /** First come, first served. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<Leave> {
    if (signal.aborted) return Promise.reject(reasonOf(signal))
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve(this.#leaveOnce())
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        signal,
        giveUp: () => {
          this.#waiting.delete(waiter)
          reject(reasonOf(signal))
        },
      }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', waiter.giveUp, { once: true })
    })
  }

  #leaveOnce(): Leave {
    let left = false
    return () => {
      if (left) return
      left = true
      const [next] = this.#waiting
      if (next === undefined) {
        this.#free += 1
        return
      }
      this.#waiting.delete(next)
      next.signal.removeEventListener('abort', next.giveUp)
      next.resolve(this.#leaveOnce())
    }
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted')
}
