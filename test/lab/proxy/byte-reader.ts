import type { Socket } from 'node:net'

/** The client left in the middle of a message. */
export class EndOfStreamError extends Error {
  override readonly name = 'EndOfStreamError'
}

interface Waiting {
  /** How many bytes to take, as soon as that can be said. */
  readonly measure: (buffered: Buffer) => number | undefined
  readonly resolve: (bytes: Buffer) => void
  readonly reject: (error: Error) => void
}

/** Takes messages off a socket byte-exactly, however the client cuts or joins its segments. */
export class ByteReader {
  readonly #socket: Socket
  #buffered = Buffer.alloc(0)
  #waiting: Waiting | undefined
  #ended = false

  readonly #onData = (chunk: Buffer): void => {
    this.#buffered = Buffer.concat([this.#buffered, chunk])
    this.#serve()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#serve()
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd)
  }

  /** Exactly so many bytes. */
  take(length: number): Promise<Buffer> {
    return this.#wait((buffered) => (buffered.length >= length ? length : undefined))
  }

  async byte(): Promise<number> {
    const [byte] = await this.take(1)
    return byte!
  }

  /** Everything up to the next NUL, which is dropped. Rejects when none comes within `limit` bytes. */
  async takeUntilNul(limit: number): Promise<Buffer> {
    const bytes = await this.#wait((buffered) => {
      const end = buffered.indexOf(0)
      if (end >= 0) return end + 1
      return buffered.length > limit ? buffered.length : undefined
    })
    if (bytes.at(-1) !== 0) throw new EndOfStreamError(`no NUL within ${limit} bytes`)
    return bytes.subarray(0, -1)
  }

  /** Stops reading; what came behind the last message. */
  release(): Buffer {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd)
    const rest = this.#buffered
    this.#buffered = Buffer.alloc(0)
    return rest
  }

  #wait(measure: Waiting['measure']): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { measure, resolve, reject }
      this.#serve()
    })
  }

  #serve(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const length = waiting.measure(this.#buffered)
    if (length !== undefined) {
      this.#waiting = undefined
      const bytes = this.#buffered.subarray(0, length)
      this.#buffered = this.#buffered.subarray(length)
      waiting.resolve(bytes)
    } else if (this.#ended) {
      this.#waiting = undefined
      waiting.reject(
        new EndOfStreamError(`the client left after ${this.#buffered.length} bytes of a message`),
      )
    }
  }
}
