/** What to do after a close: resume the session, begin a new one, or give up. */
export type Recovery = 'resume' | 'identify' | 'fatal'

/** One of Discord's close codes. */
export type CloseMeaning =
  | { readonly recovery: 'resume' | 'identify'; readonly meaning: string }
  | {
      readonly recovery: 'fatal'
      readonly meaning: string
      /** What Discord refuses. */
      readonly refused: 'AUTHENTICATION' | 'INTENTS' | 'SHARDING' | 'VERSION'
      /** What to change. */
      readonly hint: string
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
const MEANINGS: ReadonlyMap<number, CloseMeaning> = new Map<number, CloseMeaning>([
  [4000, { recovery: 'resume', meaning: 'an unknown error' }],
  [4001, { recovery: 'resume', meaning: 'an opcode that it does not know' }],
  [4002, { recovery: 'resume', meaning: 'a payload that it cannot decode' }],
  [4003, { recovery: 'resume', meaning: 'not authenticated' }],
  [
    4004,
    {
      recovery: 'fatal',
      meaning: 'the token is not valid',
      refused: 'AUTHENTICATION',
      hint: TOKEN_HINT,
    },
  ],
  [4005, { recovery: 'resume', meaning: 'already authenticated' }],
  [4007, { recovery: 'identify', meaning: 'the sequence of the resume is not valid' }],
  [4008, { recovery: 'resume', meaning: 'too many payloads were sent' }],
  [4009, { recovery: 'identify', meaning: 'the session timed out' }],
  [
    4010,
    {
      recovery: 'fatal',
      meaning: 'the shard is not valid',
      refused: 'SHARDING',
      hint: 'Change shards: each id must be below the total.',
    },
  ],
  [
    4011,
    {
      recovery: 'fatal',
      meaning: 'the bot is in too many guilds for so few shards',
      refused: 'SHARDING',
      hint: "Change shards: a larger total, or 'auto' for the number that Discord recommends.",
    },
  ],
  [
    4012,
    {
      recovery: 'fatal',
      meaning: 'this version of the gateway is no longer served',
      refused: 'VERSION',
      hint: 'Update this package: it speaks version 10.',
    },
  ],
  [
    4013,
    {
      recovery: 'fatal',
      meaning: 'the intents are not valid',
      refused: 'INTENTS',
      hint: 'Change intents: a bit in it does not exist.',
    },
  ],
  [
    4014,
    {
      recovery: 'fatal',
      meaning: 'an intent is not allowed for this bot',
      refused: 'INTENTS',
      hint: 'Change intents, or enable the privileged ones (message content, server members, presence) on the Bot page of the developer portal.',
    },
  ],
])

/** For a code that this list does not have, and for the codes of RFC 6455 itself. */
const UNKNOWN: CloseMeaning = { recovery: 'resume', meaning: 'no reason known to this client' }

export function closeMeaning(closeCode: number): CloseMeaning {
  return MEANINGS.get(closeCode) ?? UNKNOWN
}

/**
 * Closes the WebSocket and keeps the session: 1000 and 1001 would end it.
 * https://discord.com/developers/docs/events/gateway#disconnecting
 */
export const KEEPS_SESSION = 4900
/** Closes the WebSocket and ends the session. */
export const ENDS_SESSION = 1000
