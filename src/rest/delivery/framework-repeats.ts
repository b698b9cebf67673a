import type { Doubt } from './in-doubt.js'
import { readHeader } from './read-header.js'

/** One Create Message as its caller gave it. */
export interface SentMessage {
  readonly url: string
  readonly headers: unknown
  readonly body: unknown
}

/** A message whose call ended in doubt. */
interface DoubtfulMessage {
  readonly nonce: string
  readonly doubt: Doubt
  readonly url: string
  readonly body: unknown
}

/** How @discordjs/rest names itself; an appendix may follow. */
const DISCORD_JS = 'DiscordBot (https://discord.js.org'

/**
 * The nonces of messages that @discordjs/rest is going to repeat.
 *
 * It repeats on its own after its timeout and after every 5xx answer, with the body that it has, which does not hold
 * the nonce that was added here: a second nonce would make a second message. It makes one `headers` object for each
 * request and gives the same object to every attempt, so that object identifies the request.
 *
 * Other callers often share one `headers` object between all their requests, so theirs identifies nothing: only
 * requests that carry the User-Agent of @discordjs/rest are kept. Carbon needs no entry: it repeats after a 429 only,
 * and a call that is in doubt never ends with a 429.
 */
export class FrameworkRepeats {
  readonly #byHeaders = new WeakMap<object, DoubtfulMessage>()

  /** The message that this one repeats; undefined for a new message. */
  find({ headers, url, body }: SentMessage): DoubtfulMessage | undefined {
    if (typeof headers !== 'object' || headers === null) return undefined
    const kept = this.#byHeaders.get(headers)
    return kept?.url === url && kept.body === body ? kept : undefined
  }

  keep({ headers, url, body }: SentMessage, nonce: string, doubt: Doubt): void {
    if (typeof headers !== 'object' || headers === null) return
    if (readHeader(headers, 'user-agent')?.startsWith(DISCORD_JS) !== true) return
    this.#byHeaders.set(headers, { nonce, doubt, url, body })
  }
}
