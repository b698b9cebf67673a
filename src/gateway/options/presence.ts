import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'

/** An Identify carries it too, and with the token and the properties may have 4 096. */
const MAX_PRESENCE_BYTES = 3_000

/**
 * What a presence must be so that no Identify fails for it, again and again. Discord closes with 4002 for one
 * that it cannot read.
 */
export const PRESENCE_EXPECTED =
  `must be an object such as { status: 'online', activities: [], since: null, afk: false } ` +
  `of at most ${MAX_PRESENCE_BYTES} bytes of JSON`

export function isPresence(value: unknown): value is GatewayPresenceUpdateData {
  if (typeof value !== 'object' || value === null || !('status' in value) || !('activities' in value))
    return false
  if (typeof value.status !== 'string' || !Array.isArray(value.activities)) return false
  try {
    return Buffer.byteLength(JSON.stringify(value)) <= MAX_PRESENCE_BYTES
  } catch {
    return false
  }
}
