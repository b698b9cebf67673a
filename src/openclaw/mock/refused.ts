/** A request that the gateway refuses, as its error frame has it. */
export class Refused extends Error {
  override readonly name = 'Refused'

  constructor(
    readonly code: string,
    message: string,
    readonly extra: {
      readonly details?: Readonly<Record<string, unknown>>
      readonly retryable?: boolean
      readonly retryAfterMs?: number
    } = {},
  ) {
    super(message)
  }

  get wire(): Record<string, unknown> {
    return { code: this.code, message: this.message, ...this.extra }
  }
}

export function invalid(message: string, details?: Readonly<Record<string, unknown>>): Refused {
  return new Refused('INVALID_REQUEST', message, details === undefined ? {} : { details })
}
