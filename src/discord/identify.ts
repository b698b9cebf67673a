import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import { Opcode } from './opcodes.js'

/** What Discord is told about the client. */
export interface GatewayProperties {
  readonly os: string
  readonly browser: string
  readonly device: string
}

export const DEFAULT_PROPERTIES: GatewayProperties = {
  os: process.platform,
  browser: 'discord-transport',
  device: 'discord-transport',
}

export interface IdentifyFields {
  readonly token: string
  readonly intents: number
  readonly shard: readonly [id: number, count: number]
  readonly properties?: GatewayProperties
  readonly presence?: GatewayPresenceUpdateData | undefined
  readonly largeThreshold?: number | undefined
}

/** https://discord.com/developers/docs/events/gateway-events#identify */
export function identifyPayload({ largeThreshold, presence, ...fields }: IdentifyFields): string {
  const d = {
    properties: DEFAULT_PROPERTIES,
    ...fields,
    compress: false,
    presence,
    large_threshold: largeThreshold,
  }
  return JSON.stringify({ op: Opcode.Identify, d })
}

/** https://discord.com/developers/docs/events/gateway-events#resume */
export function resumePayload(token: string, sessionId: string, sequence: number): string {
  return JSON.stringify({ op: Opcode.Resume, d: { token, session_id: sessionId, seq: sequence } })
}
