import { render, text, type Text } from '../../messages/index.js'
import type { DiscordCode } from './hops.js'

/** The route works, and the answer from behind it is the failure. */
export class DiscordFailure extends Error {
  override readonly name = 'DiscordFailure'
  readonly code: DiscordCode
  readonly hint: Text

  constructor(code: DiscordCode, message: Text, hint: Text) {
    super(render(message))
    this.code = code
    this.hint = hint
  }
}

/** An HTTP answer of Discord, or of something in its place. */
export interface DiscordAnswer {
  readonly status: number
  /** The Content-Type header; empty where there is none. */
  readonly contentType: string
  readonly body: Buffer
}

/** @param by the status or the close code that said it */
export function tokenRefused(by: string): DiscordFailure {
  return new DiscordFailure(
    'ERR_DISCORD_TOKEN',
    text('doctor.token.refused', { by }),
    text('doctor.token.refused.hint'),
  )
}

/**
 * Names a status that is not the expected one.
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#http
 *
 * @param what was asked, such as `discord.com/api/v10/gateway`
 */
export function refusedWith(status: number, what: string): DiscordFailure {
  const message = text('doctor.answered', { what, status })
  if (status === 401) return tokenRefused('401')
  if (status === 429)
    return new DiscordFailure('ERR_DISCORD_RATE_LIMIT', message, text('doctor.rate-limit.hint'))
  if (status >= 500) {
    const hint = isLogin(status) ? text('doctor.login-page.hint') : text('doctor.unavailable.hint')
    return new DiscordFailure('ERR_DISCORD_UNAVAILABLE', message, hint)
  }
  return new DiscordFailure('ERR_DISCORD_REFUSED', message, refusalHint(status))
}

/** An answer that Discord does not give: the page of a captive portal or of a filter, or another protocol. */
export function strangeAnswer(what: Text, answer?: Omit<DiscordAnswer, 'status'>): DiscordFailure {
  const page = answer !== undefined && isPage(answer)
  return new DiscordFailure(
    'ERR_DISCORD_ANSWER',
    what,
    page ? text('doctor.login-page.hint') : text('doctor.strange-answer.hint'),
  )
}

/** Discord's API and CDN never answer with HTML. */
export function isPage({ contentType, body }: Omit<DiscordAnswer, 'status'>): boolean {
  return (
    /^text\/html\b/i.test(contentType) || /^\s*<(?:!doctype|html)\b/i.test(body.toString('latin1', 0, 200))
  )
}

function refusalHint(status: number): Text {
  if (isLogin(status)) return text('doctor.login-page.hint')
  return status === 426 ? text('doctor.upgrade-removed.hint') : text('doctor.refused.hint')
}

/** Discord redirects none of the doctor's questions; a captive portal does. RFC 6585 §6 has 511 for it. */
function isLogin(status: number): boolean {
  return status === 511 || (status >= 300 && status < 400)
}
