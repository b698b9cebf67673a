/** What to do after a close: resume the session, begin a new one, or give up. */
export type Recovery = 'resume' | 'identify' | 'fatal'

/** What Discord refuses for good. */
type Refused = 'AUTHENTICATION' | 'INTENTS' | 'SHARDING' | 'VERSION'

/** One of Discord's close codes. The hint says what to change. */
export type CloseMeaning =
  | { readonly recovery: 'resume' | 'identify'; readonly meaning: string }
  | { readonly recovery: 'fatal'; readonly meaning: string; readonly refused: Refused; readonly hint: string }

const resume = (meaning: string): CloseMeaning => ({ recovery: 'resume', meaning })
const identify = (meaning: string): CloseMeaning => ({ recovery: 'identify', meaning })
const fatal = (refused: Refused, meaning: string, hint: string): CloseMeaning => {
  return { recovery: 'fatal', refused, meaning, hint }
}

/** How to write that the bot's token has to be changed. */
export const TOKEN_HINT =
  'Change the token: copy it anew from the Bot page of the developer portal, as it was reset or mistyped.'

/**
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 *
 * The client resumes unless Discord says that the session is gone. If it is gone after all, Discord answers with
 * an invalid session: that costs one round trip, and an identify too many costs one of the 1 000 of the day.
 */
const MEANINGS: Readonly<Partial<Record<number, CloseMeaning>>> = {
  4000: resume('an unknown error'),
  4001: resume('an opcode that it does not know'),
  4002: resume('a payload that it cannot decode'),
  4003: resume('not authenticated'),
  4004: fatal('AUTHENTICATION', 'the token is not valid', TOKEN_HINT),
  4005: resume('already authenticated'),
  4007: identify('the sequence of the resume is not valid'),
  4008: resume('too many payloads were sent'),
  4009: identify('the session timed out'),
  4010: fatal('SHARDING', 'the shard is not valid', 'Change shards: each id must be below the total.'),
  4011: fatal(
    'SHARDING',
    'the bot is in too many guilds for so few shards',
    "Change shards: a larger total, or 'auto' for the number that Discord recommends.",
  ),
  4012: fatal(
    'VERSION',
    'this version of the gateway is no longer served',
    'Update this package: it speaks version 10.',
  ),
  4013: fatal('INTENTS', 'the intents are not valid', 'Change intents: a bit in it does not exist.'),
  4014: fatal(
    'INTENTS',
    'an intent is not allowed for this bot',
    'Change intents, or enable the privileged ones (message content, server members, presence) on the Bot page of the developer portal.',
  ),
}

/** For a code that this list does not have, and for the codes of RFC 6455 itself. */
const UNKNOWN = resume('no reason known to this client')

export function closeMeaning(closeCode: number): CloseMeaning {
  return MEANINGS[closeCode] ?? UNKNOWN
}

/**
 * Closes the WebSocket and keeps the session: 1000 and 1001 would end it.
 * https://discord.com/developers/docs/events/gateway#disconnecting
 */
export const KEEPS_SESSION = 4900
/** Closes the WebSocket and ends the session. */
export const ENDS_SESSION = 1000
