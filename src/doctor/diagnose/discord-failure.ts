import type { DiscordCode } from './hops.js'

/** The route works, and what answered behind it said no. */
export class DiscordFailure extends Error {
  override readonly name = 'DiscordFailure'
  readonly code: DiscordCode
  readonly hint: string

  constructor(code: DiscordCode, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

const TOKEN_HINT =
  'Copy the token anew from the Bot page of the developer portal (a reset makes the old one invalid), without quotes, spaces or "Bot " before it.'

export function tokenRefused(by: string): DiscordFailure {
  return new DiscordFailure('ERR_DISCORD_TOKEN', `Discord does not accept the token (${by})`, TOKEN_HINT)
}

/**
 * Names a status other than 200.
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#http
 */
export function refusedWith(status: number, what: string): DiscordFailure {
  const answer = `${what} answered ${status}`
  if (status === 401) return tokenRefused('401')
  if (status === 429) {
    return new DiscordFailure(
      'ERR_DISCORD_RATE_LIMIT',
      answer,
      'Too many requests came from this token or from the address of the proxy, which others may share: wait, or use another proxy.',
    )
  }
  if (status >= 500) {
    return new DiscordFailure(
      'ERR_DISCORD_UNAVAILABLE',
      answer,
      'The route works; the trouble is behind it. See discordstatus.com, and try again later.',
    )
  }
  return new DiscordFailure(
    'ERR_DISCORD_REFUSED',
    answer,
    'The route works, but what answers behind it refuses: Discord (or Cloudflare before it) may block the address of this proxy.',
  )
}

export function strangeAnswer(what: string): DiscordFailure {
  return new DiscordFailure(
    'ERR_DISCORD_ANSWER',
    `${what} is not what Discord answers`,
    'Something else answered in its place, such as the page of a filter or of a captive portal: look at the issuer of the certificate.',
  )
}
