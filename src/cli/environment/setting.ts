import { say } from '../../messages/index.js'

/** The setting that is written down. */
export interface ProxySetting {
  /** The variable that is set now; OPENCLAW_PROXY_URL for a URL from the command line. */
  readonly name: string
  /** The URL, with `***` in place of credentials. */
  readonly url: string
  /** Whether the real URL has credentials. */
  readonly hasSecret: boolean
  /** The proxy's host where it is loopback, as the URL has it: `127.0.0.1`, `localhost`, `[::1]`. */
  readonly loopback: string | null
  /** The systemd unit, with its suffix. */
  readonly unit: string
  /** What else an installation of OpenClaw keeps. */
  readonly openclaw: {
    readonly caFile: string | undefined
    readonly loopbackMode: string | undefined
    /** Where its `.env` is, as a shell reads it. */
    readonly stateDirectory: string
  }
}

/** What to write in one place. */
export interface Snippet {
  /** Can be saved as a file as it is: what is meant for the reader is a comment in the syntax of the place. */
  readonly text: string
  /** What the reader has to know. Always there where other users could read a secret. */
  readonly warning: string | null
}

/** A warning about a place that holds a secret; the reader's own credentials go where the marks are. */
export function fillIn(warning: string): string {
  return `${say('env.fill-in')} ${warning}`
}

/** A file of the reader's own, which only the reader can read. */
export const ENV_FILE = 'discord-transport.env'

export function snippet(lines: readonly string[], ...warnings: readonly (string | null)[]): Snippet {
  const given = warnings.filter((warning) => warning !== null)
  return { text: lines.join('\n'), warning: given.length === 0 ? null : given.join(' ') }
}
