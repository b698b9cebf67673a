/**
 * The headers of an answer as they came, names and values in turn. Each is decoded when it is read: most callers read
 * none, and decoding all of them is the most expensive step of receiving an answer.
 */
export class ReceivedHeaders implements Iterable<[name: string, value: string]> {
  readonly #raw: readonly Buffer[]

  constructor(raw: readonly Buffer[]) {
    this.#raw = raw
  }

  /** The values of a header joined (RFC 9110 §5.3), by its name in lower case. */
  get(name: string): string | undefined {
    let joined: string | undefined
    for (let at = 0; at + 1 < this.#raw.length; at += 2) {
      if (this.#raw[at]?.byteLength !== name.length || this.#name(at) !== name) continue
      joined = joined === undefined ? this.#text(at + 1) : `${joined}, ${this.#text(at + 1)}`
    }
    return joined
  }

  /** A pair for each time that a header came: Set-Cookie must not be joined. */
  *[Symbol.iterator](): Generator<[name: string, value: string], void, undefined> {
    for (let at = 0; at + 1 < this.#raw.length; at += 2) yield [this.#name(at), this.#text(at + 1)]
  }

  #name(at: number): string {
    return this.#text(at).toLowerCase()
  }

  /** https://fetch.spec.whatwg.org/#concept-header-value: bytes, which a string holds as Latin-1. */
  #text(at: number): string {
    return this.#raw[at]?.toString('latin1') ?? ''
  }
}
