import { sanitizeForeignText } from '../config/index.js'
import { GatewayError, type GatewayErrorCode } from './gateway-error.js'

/** What to do after a close: go on with the session, begin a new one, or give up. */
export type Recovery = 'resume' | 'identify' | 'fatal'

interface CloseMeaning {
  readonly recovery: Recovery
  readonly meaning: string
  readonly code?: GatewayErrorCode
  readonly hint?: string
}

/**
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 *
 * A resume is tried wherever Discord does not say that the session is gone: where it is, the answer is an
 * invalid session, and one round trip is cheaper than an identify out of the day's 1 000.
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
      code: 'ERR_GATEWAY_AUTHENTICATION',
      hint: 'Change the token: copy it anew from the Bot page of the developer portal, as it was reset or mistyped.',
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
      code: 'ERR_GATEWAY_SHARDING',
      hint: 'Change shards: each id must be below the total.',
    },
  ],
  [
    4011,
    {
      recovery: 'fatal',
      meaning: 'the bot is in too many guilds for so few shards',
      code: 'ERR_GATEWAY_SHARDING',
      hint: "Change shards: a larger total, or 'auto' for the number that Discord recommends.",
    },
  ],
  [
    4012,
    {
      recovery: 'fatal',
      meaning: 'this version of the gateway is no longer served',
      code: 'ERR_GATEWAY_VERSION',
      hint: 'Update this package: it speaks version 10.',
    },
  ],
  [
    4013,
    {
      recovery: 'fatal',
      meaning: 'the intents are not valid',
      code: 'ERR_GATEWAY_INTENTS',
      hint: 'Change intents: a bit in it does not exist.',
    },
  ],
  [
    4014,
    {
      recovery: 'fatal',
      meaning: 'an intent is not allowed for this bot',
      code: 'ERR_GATEWAY_INTENTS',
      hint: 'Change intents, or enable the privileged ones (message content, server members, presence) on the Bot page of the developer portal.',
    },
  ],
])

/** A code of a later day, and those of RFC 6455 itself. */
const ANY_OTHER: CloseMeaning = { recovery: 'resume', meaning: 'no reason known to this client' }

export function recoveryOf(closeCode: number): Recovery {
  return (MEANINGS.get(closeCode) ?? ANY_OTHER).recovery
}

/** A close frame of Discord's, in words. */
export function closedByDiscord(closeCode: number, reason: string): GatewayError {
  const { meaning, code, hint } = MEANINGS.get(closeCode) ?? ANY_OTHER
  const words = sanitizeForeignText(reason)
  return new GatewayError(
    `Discord closed the gateway connection with ${closeCode}: ${meaning}${words === '' ? '' : ` (${words})`}`,
    {
      code: code ?? 'ERR_GATEWAY_DISCONNECTED',
      hint: hint ?? 'Nothing need be done: the client comes back by itself.',
      closeCode,
    },
  )
}
