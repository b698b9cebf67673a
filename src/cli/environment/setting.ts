/** What is to last. */
export interface ProxySetting {
  /** The variable, as it is set now; OPENCLAW_PROXY_URL for a URL from the command line. */
  readonly name: string
  /** The URL, credentials as `***`. */
  readonly url: string
  /** Whether the real URL has a secret, whose place `***` marks. */
  readonly hasSecret: boolean
}

/** What to write in one place. */
export interface Snippet {
  /** Fit for the file as it is: what is for the reader stands in comments of the place. */
  readonly text: string
  /** What to look out for; always there where a secret could be read by others. */
  readonly warning: string | null
}

/** The reader's own credentials go where the marks are. */
export const FILL_IN = 'Replace *** by your own user name and password, percent-encoded.'
