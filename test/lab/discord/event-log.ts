export interface WaitOptions {
  /** Which match to wait for, those already seen included, counted from 1. Default 1. */
  readonly nth?: number
  /** Default 10 000. */
  readonly timeoutMs?: number
}

interface Waiter {
  check(): void
  fail(reason: string): void
}

/** What happened so far, oldest first, and a promise for what is still to come. */
export class EventLog<T> {
  readonly #what: string
  readonly #limit: number
  readonly #describe: (entry: T) => string
  readonly #waiters = new Set<Waiter>()
  #entries: T[] = []
  #total = 0
  #closed = false

  /** Holds the newest `limit` entries at least, so that a bench of a million requests stays small. */
  constructor(what: string, describe: (entry: T) => string, limit = 10_000) {
    this.#what = what
    this.#describe = describe
    this.#limit = limit
  }

  get entries(): readonly T[] {
    return this.#entries
  }

  /** All that were ever added, those no longer held included. */
  get total(): number {
    return this.#total
  }

  add(entry: T): void {
    this.#entries.push(entry)
    this.#total += 1
    if (this.#entries.length > 2 * this.#limit) this.#entries = this.#entries.slice(-this.#limit)
    this.changed()
  }

  /** An entry that is already in the log has changed: whoever waits looks again. */
  changed(): void {
    for (const waiter of this.#waiters) waiter.check()
  }

  clear(): void {
    this.#entries = []
  }

  waitFor(match: (entry: T) => boolean, { nth = 1, timeoutMs = 10_000 }: WaitOptions = {}): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const look = (): boolean => {
        const found = this.#entries.filter(match)[nth - 1]
        if (found !== undefined) resolve(found)
        return found !== undefined
      }
      const fail = (reason: string): void => {
        const seen = this.#entries.slice(-10).map(this.#describe).join('; ') || 'nothing'
        reject(new Error(`${reason} while waiting for ${this.#what} number ${nth}; seen: ${seen}`))
      }
      if (look()) return
      if (this.#closed) {
        fail('the fake Discord was already closed')
        return
      }
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        check: () => {
          if (look()) settle()
        },
        fail: (reason) => {
          settle()
          fail(reason)
        },
      }
      const timer = setTimeout(() => waiter.fail(`${timeoutMs} ms passed`), timeoutMs)
      this.#waiters.add(waiter)
    })
    // A test may race two waits and drop the loser, which close() rejects after the test has ended.
    promise.catch(() => undefined)
    return promise
  }

  close(): void {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.fail('the fake Discord was closed')
  }
}
