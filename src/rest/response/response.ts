import { bytesSource, collect, streamOf, type BodySource } from './response-body.js'

/** The parts of a fetched response beside its body. */
export interface ResponseFacts {
  readonly status: number
  readonly statusText: string
  /** A pair for each time that a header came: Set-Cookie must not be joined. */
  readonly headers: Iterable<[string, string]>
  /** The final URL, without its fragment. */
  readonly url: string
  readonly redirected: boolean
  readonly type: Response['type']
}

/**
 * A global Response that came over the network: it has a URL, and its headers cannot be changed
 * (https://fetch.spec.whatwg.org/#response-class).
 *
 * Most of a platform Response's cost is its stream, and most callers never use it: they call `json()` or `text()`
 * once. For such calls the bytes are read without a stream. For everything else one platform Response is made, which
 * then owns the body.
 */
export class FetchedResponse extends Response {
  readonly #facts: ResponseFacts
  readonly #source: BodySource | null
  #headers: Headers | undefined
  /** The bytes were read without a stream. */
  #read = false
  #platform: Response | undefined

  /** @param body a source; or a platform Response, which then has the body; or null */
  constructor(body: BodySource | Response | null, facts: ResponseFacts) {
    super(null)
    this.#facts = facts
    if (body instanceof Response) {
      this.#platform = body
      this.#source = null
    } else {
      this.#source = body
      body?.heldBy(this)
    }
  }

  /** The bytes, as long as the body is neither read nor owned by a platform Response. */
  #bytes(): Buffer | Promise<Buffer> | undefined {
    const source = this.#source
    if (source === null || this.#read || this.#platform !== undefined) return undefined
    this.#read = true
    source.heldBy(undefined)
    return source.ready() ?? collect(source)
  }

  /** The platform's own Response, from now on the owner of the body. */
  #own(): Response {
    this.#platform ??= this.#read ? spentResponse() : this.#unread()
    return this.#platform
  }

  #unread(): Response {
    const source = this.#source
    // The status stays 200: the platform would refuse one beyond 599, and a body with some others.
    const init = { headers: [...this.#facts.headers] }
    if (source === null) return new Response(null, init)
    source.heldBy(undefined)
    const ready = source.ready()
    return new Response(ready ?? streamOf(source), init)
  }

  #clone(): FetchedResponse {
    const ready = this.#platform === undefined && !this.#read ? this.#source?.ready() : undefined
    return new FetchedResponse(ready === undefined ? this.#own().clone() : bytesSource(ready), this.#facts)
  }

  // Accessors and methods on the prototype, as the standard has them; the types of the base class call the
  // former plain properties, which the syntax of a class would not let us override.
  static {
    const accessor = (get: (this: FetchedResponse) => unknown): PropertyDescriptor => ({
      configurable: true,
      enumerable: true,
      get,
    })
    const method = (value: (this: FetchedResponse) => unknown): PropertyDescriptor => ({
      configurable: true,
      enumerable: true,
      writable: true,
      value,
    })
    for (const name of ['statusText', 'url', 'redirected', 'type'] as const) {
      const get = accessor(function () {
        return this.#facts[name]
      })
      Object.defineProperty(this.prototype, name, get)
    }
    Object.defineProperties(this.prototype, {
      status: accessor(function () {
        return this.#facts.status
      }),
      ok: accessor(function () {
        return this.#facts.status >= 200 && this.#facts.status <= 299
      }),
      headers: accessor(function () {
        this.#headers ??= new ImmutableHeaders([...this.#facts.headers])
        return this.#headers
      }),
      body: accessor(function () {
        return this.#own().body
      }),
      bodyUsed: accessor(function () {
        return this.#platform?.bodyUsed ?? this.#read
      }),
      clone: method(function () {
        return this.#clone()
      }),
      // A body that has arrived is not awaited: that would cost a turn.
      json: method(async function () {
        const bytes = this.#bytes()
        if (bytes === undefined) return this.#own().json()
        return JSON.parse(utf8(bytes instanceof Promise ? await bytes : bytes)) as unknown
      }),
      text: method(async function () {
        const bytes = this.#bytes()
        if (bytes === undefined) return this.#own().text()
        return utf8(bytes instanceof Promise ? await bytes : bytes)
      }),
      arrayBuffer: method(async function () {
        const bytes = this.#bytes()
        return bytes === undefined ? this.#own().arrayBuffer() : new Uint8Array(await bytes).buffer
      }),
      // Not every supported Node has bytes() of its own (22.3 and later).
      bytes: method(async function () {
        const bytes = this.#bytes()
        return new Uint8Array(await (bytes ?? this.#own().arrayBuffer()))
      }),
      blob: method(function () {
        return this.#own().blob()
      }),
      formData: method(function () {
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- part of what a Response is
        return this.#own().formData()
      }),
    })
  }
}

/** Headers that came over the network (https://fetch.spec.whatwg.org/#headers-class, guard "immutable"). */
class ImmutableHeaders extends Headers {
  static {
    for (const name of ['append', 'set', 'delete']) {
      Object.defineProperty(this.prototype, name, {
        configurable: true,
        enumerable: true,
        writable: true,
        value: () => {
          throw new TypeError('immutable')
        },
      })
    }
  }
}

/** A Response whose body is used: its errors are the platform's own. */
function spentResponse(): Response {
  const spent = new Response('')
  void spent.text()
  return spent
}

/** https://encoding.spec.whatwg.org/#utf-8-decode: without its byte order mark. */
function utf8(bytes: Buffer): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', marked ? 3 : 0)
}
