import type { ConnectLimit, Leave } from './connect-limit.js'

/** One attempt of a shard, up to its session. What comes of an abandoned one is of no interest. */
export class ConnectAttempt {
  readonly #abort = new AbortController()
  #leave: Leave | undefined

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get abandoned(): boolean {
    return this.#abort.signal.aborted
  }

  /** Waits for a place among the connections under way. Rejects when abandoned. */
  async enter(limit: ConnectLimit): Promise<void> {
    const leave = await limit.enter(this.signal)
    this.#leave = leave
    if (this.abandoned) leave()
  }

  /** The connection is no longer under way. */
  connected(): void {
    this.#leave?.()
  }

  abandon(): void {
    this.#leave?.()
    this.#abort.abort(new Error('the attempt was given up'))
  }
}
