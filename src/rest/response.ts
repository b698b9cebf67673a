/** What a Response constructor cannot be told, but a fetched response knows. */
export interface ResponseFacts {
  /** The final URL, without its fragment. */
  readonly url: string
  readonly redirected: boolean
  readonly type: Response['type']
}

/** A global Response that knows where it came from (Fetch standard, "response URL"). */
export class FetchedResponse extends Response {
  readonly #facts: ResponseFacts

  constructor(body: ConstructorParameters<typeof Response>[0], init: ResponseInit, facts: ResponseFacts) {
    super(body, init)
    this.#facts = facts
  }

  // Getters on the prototype, as the standard has them; the types of the base class call them plain properties,
  // which the syntax of a class would not let us override.
  static {
    const fact = (name: keyof ResponseFacts): PropertyDescriptor => ({
      configurable: true,
      enumerable: true,
      get(this: FetchedResponse) {
        return this.#facts[name]
      },
    })
    Object.defineProperties(this.prototype, {
      url: fact('url'),
      redirected: fact('redirected'),
      type: fact('type'),
      clone: {
        configurable: true,
        enumerable: true,
        writable: true,
        value(this: FetchedResponse): FetchedResponse {
          const { body, status, statusText, headers } = Response.prototype.clone.call(this)
          return new FetchedResponse(body, { status, statusText, headers }, this.#facts)
        },
      },
    })
  }
}
