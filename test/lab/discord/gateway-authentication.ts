import { GatewayCloseCodes } from 'discord-api-types/v10'
import { z } from 'zod'
import { areKnownIntents } from './gateway-intents.js'

/** What the gateway demands of an Identify. */
export interface IdentifyRules {
  readonly token: string
  readonly disallowedIntents: number
  readonly requiredShards: number
}

/** The close code and its reason, in Discord's words. */
export interface Refusal {
  readonly code: GatewayCloseCodes
  readonly reason: string
}

export interface Identify {
  readonly intents: number
  readonly shard: readonly [id: number, count: number]
  readonly compress: boolean
}

export interface Resume {
  readonly sessionId: string
  readonly sequence: number
}

const identifySchema = z.object({
  token: z.string(),
  properties: z.record(z.string(), z.unknown()),
  intents: z.number(),
  compress: z.boolean().nullish(),
  shard: z.tuple([z.number().int(), z.number().int()]).nullish(),
})
const resumeSchema = z.object({ token: z.string(), session_id: z.string(), seq: z.number().int().nullable() })

const undecodable: Refusal = { code: GatewayCloseCodes.DecodeError, reason: 'Error while decoding payload.' }
const unauthenticated: Refusal = {
  code: GatewayCloseCodes.AuthenticationFailed,
  reason: 'Authentication failed.',
}

/** Both with and without the `Bot ` that REST wants: Discord's gateway takes either. */
function isToken(given: string, token: string): boolean {
  return given === token || given === `Bot ${token}`
}

export function readIdentify(data: unknown, rules: IdentifyRules): Identify | Refusal {
  const parsed = identifySchema.safeParse(data)
  if (!parsed.success) return undecodable
  const { token, intents, compress, shard } = parsed.data
  const [id, count] = shard ?? [0, 1]
  if (!isToken(token, rules.token)) return unauthenticated
  if (id < 0 || id >= count) return { code: GatewayCloseCodes.InvalidShard, reason: 'Invalid shard.' }
  if (count < rules.requiredShards) {
    return { code: GatewayCloseCodes.ShardingRequired, reason: 'Sharding required.' }
  }
  if (!areKnownIntents(intents))
    return { code: GatewayCloseCodes.InvalidIntents, reason: 'Invalid intent(s).' }
  if ((intents & rules.disallowedIntents) !== 0) {
    return { code: GatewayCloseCodes.DisallowedIntents, reason: 'Disallowed intent(s).' }
  }
  return { intents, shard: [id, count], compress: compress === true }
}

export function readResume(data: unknown, token: string): Resume | Refusal {
  const parsed = resumeSchema.safeParse(data)
  if (!parsed.success) return undecodable
  if (!isToken(parsed.data.token, token)) return unauthenticated
  return { sessionId: parsed.data.session_id, sequence: parsed.data.seq ?? 0 }
}
