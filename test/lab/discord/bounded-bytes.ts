/** Keeps what it is given as long as all of it fits, and otherwise nothing. */
export class BoundedBytes {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(chunk: Buffer): void {
    this.size += chunk.length
    if (this.size > this.#limit) this.#chunks.length = 0
    else this.#chunks.push(chunk)
  }

  /** Undefined if it was too much. */
  get bytes(): Buffer | undefined {
    return this.size > this.#limit ? undefined : Buffer.concat(this.#chunks)
  }
}
