/** What is to last. */
export interface ProxySetting {
  /** The variable, as it is set now; OPENCLAW_PROXY_URL for a URL from the command line. */
  readonly name: string
  /** The URL, credentials as `***`. */
  readonly url: string
  /** Whether the real URL has a secret, whose place `***` marks. */
  readonly hasSecret: boolean
}

/** A snippet for one place. */
export interface Snippet {
  readonly title: string
  readonly text: string
  /** What to look out for; always there where a secret could be read by others. */
  readonly warning: string | null
}

/** The reader's own credentials go where the marks are. */
export const FILL_IN = 'Replace *** by your own user name and password, percent-encoded.'
