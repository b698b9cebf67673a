import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import { Opcode } from '../discord/opcodes.js'
import type { ResolvedGatewayOptions } from './resolved-options.js'

/** https://discord.com/developers/docs/events/gateway-events#identify */
export function identifyPayload(
  { token, intents, properties, largeThreshold }: ResolvedGatewayOptions,
  shard: readonly [id: number, count: number],
  presence: GatewayPresenceUpdateData | undefined,
): string {
  const d = {
    token,
    intents,
    properties,
    compress: false,
    shard,
    ...(presence === undefined ? {} : { presence }),
    ...(largeThreshold === undefined ? {} : { large_threshold: largeThreshold }),
  }
  return JSON.stringify({ op: Opcode.Identify, d })
}

/** https://discord.com/developers/docs/events/gateway-events#resume */
export function resumePayload(token: string, sessionId: string, sequence: number): string {
  return JSON.stringify({ op: Opcode.Resume, d: { token, session_id: sessionId, seq: sequence } })
}
