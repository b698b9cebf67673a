import { OpenClawError } from './openclaw-error.js'

/** Events that wait to be read. A program that is so far behind would only use up its memory. */
const MAX_WAITING = 10_000

/** Events as an async iterator, from its creation until the client ends or the loop is left. */
export class EventStream<Event> implements AsyncIterableIterator<Event> {
  readonly #onEnd: () => void
  readonly #events = this.#read()
  #waiting: Event[] = []
  #ended = false
  #error: Error | undefined
  #wake: () => void = () => undefined

  /** @param onEnd called once, when nothing more is to be pushed */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  push(event: Event): void {
    if (this.#ended) return
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(event)
    else this.end(tooSlow())
    this.#wake()
  }

  /** What waits can still be read; then the loop ends, with the error if there is one. */
  end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#onEnd()
    this.#wake()
  }

  next(): Promise<IteratorResult<Event>> {
    return this.#events.next()
  }

  /** A read that waits ends with it. */
  return(): Promise<IteratorResult<Event>> {
    this.#waiting = []
    this.end()
    return this.#events.return(undefined)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async *#read(): AsyncGenerator<Event, undefined> {
    for (;;) {
      const [event] = this.#waiting.splice(0, 1)
      if (event !== undefined) yield event
      else if (this.#error !== undefined) throw this.#error
      else if (this.#ended) return undefined
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

function tooSlow(): OpenClawError {
  return new OpenClawError(`${MAX_WAITING} events wait to be read, and the stream ends`, {
    code: 'ERR_OPENCLAW_STREAM',
    hint: 'Do less in the loop, or use an event listener.',
  })
}
