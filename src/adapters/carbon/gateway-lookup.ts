import type { GatewayPlugin } from '@buape/carbon/gateway'
import { TransportError, type DiscordTransport } from '../../index.js'

/** The answer of `/gateway/bot`, as Carbon types it. */
export type GatewayInfo = NonNullable<ConstructorParameters<typeof GatewayPlugin>[1]>

export interface GatewayLookup {
  readonly transport: DiscordTransport
  readonly token: string
  /** Milliseconds for the whole answer. */
  readonly timeoutMs: number
  /** Where to connect if Discord cannot be asked. */
  readonly fallbackUrl: string
}

const GATEWAY_BOT_URL = 'https://discord.com/api/v10/gateway/bot'

/**
 * Asks Discord for the gateway's URL. The answer has been the same for years, so a failure that says nothing
 * about the gateway itself gives the fallback instead: a slow or broken answer, a 429, a 5xx. What would fail
 * the connection too is an error here: the proxy's refusal, and Discord's of the token.
 *
 * https://discord.com/developers/docs/events/gateway#get-gateway-bot
 *
 * @throws TransportError where the route fails for good
 * @throws Error with the status, where Discord refuses the request
 */
export async function lookUpGateway(lookup: GatewayLookup): Promise<GatewayInfo> {
  const { transport, token, timeoutMs } = lookup
  try {
    const response = await transport.fetch(GATEWAY_BOT_URL, {
      headers: { Authorization: `Bot ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok) {
      await response.body?.cancel()
      if (response.status !== 429 && response.status < 500) throw new LookupRefusedError(response.status)
      return fallbackInfo(lookup)
    }
    const info: unknown = await response.json()
    return isGatewayInfo(info) ? info : fallbackInfo(lookup)
  } catch (error) {
    if (isTransient(error)) return fallbackInfo(lookup)
    throw error
  }
}

/** Begins as Carbon's own error for this does, for whoever looks for its words. */
class LookupRefusedError extends Error {
  constructor(status: number) {
    const hint = status === 401 ? ': the bot token is not valid' : ''
    super(`Failed to get gateway information from Discord: ${GATEWAY_BOT_URL} answered ${status}${hint}`)
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof TransportError) return error.retryable || error.code === 'ERR_CONNECTION_LOST'
  if (error instanceof DOMException) return error.name === 'TimeoutError'
  // A 200 that is not JSON.
  return error instanceof SyntaxError
}

function isGatewayInfo(value: unknown): value is GatewayInfo {
  return typeof value === 'object' && value !== null && 'url' in value && typeof value.url === 'string'
}

function fallbackInfo({ fallbackUrl }: GatewayLookup): GatewayInfo {
  return {
    url: fallbackUrl,
    shards: 1,
    session_start_limit: { total: 1, remaining: 1, reset_after: 0, max_concurrency: 1 },
  }
}
