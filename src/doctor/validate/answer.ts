/** What came back over HTTP. */
export interface Answer {
  readonly status: number
  /** The beginning of the body. */
  readonly body: string
  /** Why the body ended before its time, where that is known. */
  readonly brokenBy?: unknown
}

/** Enough to find a token in it. */
export const MAX_BODY_BYTES = 64 * 1024
