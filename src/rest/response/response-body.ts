/** Where the bytes of a response come from. Read by one reader, in one of its two ways. */
export interface BodySource {
  /** All of it, if it is here already and none of it was taken by {@link next}. */
  ready(): Buffer | undefined
  /** The next bytes; null at the end. Rejects with what broke the body. */
  next(): Promise<Buffer | null>
  /** The rest is not wanted. */
  cancel(reason?: unknown): void
  /**
   * Only this object can read the rest: once it is garbage, the transfer is ended. Undefined while the body is being
   * read.
   */
  heldBy(holder: object | undefined): void
}

/** How a body under way is slowed down and ended. */
export interface BodyFlow {
  pause(): void
  resume(): void
  /** Ends the transfer. */
  abort(): void
}

/** Bytes that are buffered before the tunnel is paused. */
const HIGH_WATER_BYTES = 64 * 1024

/** The body of a response as it arrives. */
export class IncomingBody implements BodySource {
  readonly #flow: BodyFlow
  readonly #signal: AbortSignal | null
  #chunks: Buffer[] = []
  #buffered = 0
  #taken = false
  #paused = false
  #ended = false
  #failure: { readonly reason: unknown } | undefined
  #wake: (() => void) | undefined
  #holder: object | undefined
  #watched = false

  constructor(flow: BodyFlow, signal: AbortSignal | null) {
    this.#flow = flow
    this.#signal = signal
  }

  push(chunk: Buffer): void {
    // undici's parser gives an empty chunk when it goes on after a pause, and no byte stream takes one.
    if (this.#ended || this.#failure !== undefined || chunk.byteLength === 0) return
    this.#chunks.push(chunk)
    this.#buffered += chunk.byteLength
    if (this.#wake !== undefined) this.#notify()
    else if (this.#buffered >= HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true
      this.#flow.pause()
      this.#watchHolder()
    }
  }

  end(): void {
    this.#ended = true
    this.#holder = undefined
    this.#notify()
  }

  /** https://fetch.spec.whatwg.org/#abort-fetch: what was not read yet is lost with it. */
  fail(reason: unknown): void {
    if (this.#failure !== undefined || (this.#ended && this.#chunks.length === 0)) return
    this.#failure = { reason }
    this.#chunks = []
    this.#notify()
  }

  ready(): Buffer | undefined {
    this.#heedAbort()
    if (!this.#ended || this.#taken || this.#failure !== undefined) return undefined
    const [first] = this.#chunks
    if (this.#chunks.length === 1 && first !== undefined) return first
    const whole = Buffer.concat(this.#chunks, this.#buffered)
    this.#chunks = [whole]
    return whole
  }

  async next(): Promise<Buffer | null> {
    this.#taken = true
    this.#heedAbort()
    while (this.#chunks.length === 0 && !this.#ended && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#resume()
      })
    }
    if (this.#failure !== undefined) throw this.#failure.reason
    return this.#take()
  }

  cancel(): void {
    if (this.#ended || this.#failure !== undefined) return
    this.#ended = true
    this.#chunks = []
    this.#notify()
    this.#flow.abort()
  }

  heldBy(holder: object | undefined): void {
    if (this.#watched) abandoned.unregister(this)
    this.#watched = false
    this.#holder = this.#ended ? undefined : holder
    if (this.#paused) this.#watchHolder()
  }

  /**
   * A body that flows ends by itself; only a paused one waits for its holder. So only a paused one is registered for
   * garbage collection: registering each response would cost more than all the rest of it.
   */
  #watchHolder(): void {
    if (this.#holder === undefined) return
    abandoned.register(this.#holder, this, this)
    this.#watched = true
    this.#holder = undefined
  }

  /** The listener of the signal is removed with the last byte, but a later reader must learn of the abort too. */
  #heedAbort(): void {
    if (this.#signal?.aborted === true) this.fail(this.#signal.reason)
  }

  #take(): Buffer | null {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return null
    this.#buffered -= chunk.byteLength
    if (this.#buffered < HIGH_WATER_BYTES) this.#resume()
    return chunk
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#flow.resume()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** Bytes in memory; several sources may share them. */
export function bytesSource(bytes: Buffer): BodySource {
  let rest: Buffer | null = bytes
  return {
    ready: () => rest ?? undefined,
    next: () => {
      const chunk = rest
      rest = null
      return Promise.resolve(chunk?.byteLength === 0 ? null : chunk)
    },
    cancel: () => {
      rest = null
    },
    heldBy: () => undefined,
  }
}

/** Everything that a source has left. */
export async function collect(source: BodySource): Promise<Buffer> {
  const chunks: Buffer[] = []
  let chunk: Buffer | null
  while ((chunk = await source.next()) !== null) chunks.push(chunk)
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}

/** A longer rest of a body that is not wanted costs more time than a new tunnel. */
const DISCARDED_BYTES = 64 * 1024

/** Reads the rest of a body that is not wanted, so that its tunnel can carry another request. */
export async function discardRest(body: IncomingBody): Promise<void> {
  try {
    let bytes = 0
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) {
      bytes += chunk.byteLength
      if (bytes <= DISCARDED_BYTES) continue
      body.cancel()
      return
    }
  } catch {
    // A body that breaks has lost its tunnel already.
  }
}

/** Paused bodies whose holder is garbage: each of them keeps a tunnel busy. */
const abandoned = new FinalizationRegistry<IncomingBody>((body) => body.cancel())

/**
 * https://fetch.spec.whatwg.org/#concept-body-stream: bytes, and no more of them than are asked for. The
 * stream gives its chunks away with their memory, so it gets copies: ours lie in the socket's.
 */
export function streamOf(source: BodySource): ReadableStream<Uint8Array> {
  const stream = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const chunk = await source.next()
      if (chunk !== null) {
        controller.enqueue(new Uint8Array(chunk))
        return
      }
      controller.close()
      // https://streams.spec.whatwg.org/#rbs-request-respond: a reader with a buffer of its own waits for it.
      controller.byobRequest?.respond(0)
    },
    cancel: (reason) => source.cancel(reason),
  })
  source.heldBy(stream)
  return stream
}
