import type { GivenBody } from '../request/request.js'
import type { Doubt } from './in-doubt.js'

/** A Create Message that Discord carries out once, however often it comes. */
export interface DeduplicatedMessage {
  readonly given: GivenBody
  readonly nonce: string
  /** Why the call that this one repeats is in doubt; undefined for a new message. */
  readonly doubt: Doubt | undefined
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
  readonly #byHeaders = new WeakMap<object, DeduplicatedMessage>()

  /** The message that this one repeats; undefined for a new message. */
  find({ givenHeaders, url, body }: GivenBody): DeduplicatedMessage | undefined {
    if (typeof givenHeaders !== 'object' || givenHeaders === null) return undefined
    const kept = this.#byHeaders.get(givenHeaders)
    return kept?.given.url.href === url.href && kept.given.body === body ? kept : undefined
  }

  keep(message: DeduplicatedMessage): void {
    const { givenHeaders, headers } = message.given
    if (typeof givenHeaders !== 'object' || givenHeaders === null) return
    if (headers.get('user-agent')?.startsWith(DISCORD_JS) === true) this.#byHeaders.set(givenHeaders, message)
  }
}
