import * as z from 'zod'
import { GATEWAY_HOST, isDiscordHost, REST_HOST } from './hosts.js'

/** https://discord.com/developers/docs/reference#api-versioning */
export const API_URL = `https://${REST_HOST}/api/v10`

/** https://discord.com/developers/docs/events/gateway#get-gateway-bot */
export const GATEWAY_BOT_URL = `${API_URL}/gateway/bot`

/** What /gateway/bot has answered for years. Many clients connect to it without asking. */
export const DEFAULT_GATEWAY_URL = `wss://${GATEWAY_HOST}/`

/** The API requires a user agent of this form: https://discord.com/developers/docs/reference#user-agent */
export const USER_AGENT = 'DiscordBot (discord-transport, 0.1)'

/** https://discord.com/developers/docs/events/gateway#session-start-limit-object */
export interface SessionStartLimit {
  /** Identifies a day. */
  readonly total: number
  /** Identifies that are left until the reset. */
  readonly remaining: number
  /** Milliseconds until the reset. */
  readonly reset_after: number
  /** Identifies in five seconds: one for each `shard_id % max_concurrency`. */
  readonly max_concurrency: number
}

/** The answer of GET /gateway/bot. */
export interface GatewayBotInfo {
  readonly url: string
  /** How many shards Discord recommends. */
  readonly shards: number
  readonly session_start_limit: SessionStartLimit
}

const isSecure = (url: string): boolean => URL.canParse(url) && new URL(url).protocol === 'wss:'

/** The token goes to this URL, so it must be TLS, also when the URL comes from a file or an answer. */
export const gatewayUrl = z
  .string({ error: 'must be a wss:// URL' })
  .refine(isSecure, { error: 'must be a wss:// URL' })

export const gatewayBotSchema = z.object({
  url: gatewayUrl,
  shards: z.int().min(1),
  session_start_limit: z.object({
    total: z.number(),
    remaining: z.number(),
    reset_after: z.number(),
    max_concurrency: z.int().min(1),
  }),
})

/**
 * Where to resume. Resume sends the token, so READY's `resume_gateway_url` counts only if it is TLS and names one of
 * Discord's gateway hosts, or the host of the URL that the user configured.
 *
 * @param configured the URL to use otherwise
 */
export function resumeUrl(given: unknown, configured = DEFAULT_GATEWAY_URL): string {
  const url = gatewayUrl.safeParse(given).data
  if (url === undefined) return configured
  const { hostname, host } = new URL(url)
  return isDiscordHost(hostname, 'gateway') || host === new URL(configured).host ? url : configured
}
