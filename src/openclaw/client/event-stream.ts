import { OpenClawError } from './openclaw-error.js'

/** Events that wait to be read. A program that is so far behind would only use up its memory. */
const MAX_WAITING = 10_000

/** Events as an async iterator, from its creation until the client ends or the loop is left. */
export class EventStream<Event> implements AsyncIterableIterator<Event> {
  readonly #waiting: Event[] = []
  readonly #onEnd: () => void
  #next: { resolve: (result: IteratorResult<Event>) => void; reject: (error: Error) => void } | undefined
  #ended = false
  #error: Error | undefined

  /** @param onEnd called once, when nothing more is to be pushed */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  push(event: Event): void {
    if (this.#ended) return
    if (this.#next !== undefined) {
      this.#next.resolve({ value: event, done: false })
      this.#next = undefined
    } else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(event)
    else this.end(tooSlow())
  }

  /** What waits can still be read; then the loop ends, with the error if there is one. */
  end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#onEnd()
    if (this.#next === undefined) return
    const { resolve, reject } = this.#next
    this.#next = undefined
    if (error === undefined) resolve({ value: undefined, done: true })
    else {
      this.#error = undefined
      reject(error)
    }
  }

  next(): Promise<IteratorResult<Event>> {
    const [value] = this.#waiting.splice(0, 1)
    if (value !== undefined) return Promise.resolve({ value, done: false })
    if (this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      return Promise.reject(error)
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve, reject) => (this.#next = { resolve, reject }))
  }

  return(): Promise<IteratorResult<Event>> {
    this.#waiting.length = 0
    this.end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

function tooSlow(): OpenClawError {
  return new OpenClawError(`${MAX_WAITING} events wait to be read, and the stream ends`, {
    code: 'ERR_OPENCLAW_STREAM',
    hint: 'Do less in the loop, or use an event listener.',
    retryable: false,
  })
}
