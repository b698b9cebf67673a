import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import type { GatewayBotInfo } from '../../discord/gateway-bot.js'
import type { GatewayProperties } from '../../discord/identify.js'
import type { GatewayCompression } from '../compression/compression.js'
import type { GatewayFleet } from '../fleet.js'
import type { GatewayIdentifyThrottler } from '../identify-queue.js'
import type { GatewaySession, GatewaySessionStore } from '../session.js'

/** Options of a gateway client. All but `token` and `intents` may be left out. */
export interface GatewayClientOptions {
  /** The bot's token, with or without `Bot ` before it. */
  readonly token: string
  /** The sum of the intents: https://discord.com/developers/docs/events/gateway#gateway-intents */
  readonly intents: number
  /**
   * `'auto'`: as many as Discord recommends; a number: all shards of that many; `[ids, total]`: only these of that
   * many, the others run elsewhere. Default: 1.
   */
  readonly shards?: 'auto' | number | readonly [ids: readonly number[], total: number] | undefined
  /**
   * Sessions to resume, from `gateway.session` or `gateway.sessions`. Null, as `gateway.session` is without a session,
   * is the same as left out. Default: new sessions.
   */
  readonly session?: GatewaySession | readonly GatewaySession[] | null | undefined
  /** Where sessions are kept, instead of `session`. Default: in memory only. */
  readonly sessionStore?: GatewaySessionStore | undefined
  /**
   * Decides when a shard may identify, after its HELLO: for bots in several processes. Default: one queue for all
   * gateways of this token on this transport, as `max_concurrency` says.
   */
  readonly identifyThrottler?: GatewayIdentifyThrottler | undefined
  /**
   * One bot in many processes: this client becomes a member, and runs the shards that the fleet gives it. It is the
   * session store and the identify throttler too, so it is given instead of them; `shards` is a number or `'auto'`.
   * `redisFleet()` of `discord-transport/redis` makes one. Default: this client runs all its shards itself.
   */
  readonly fleet?: GatewayFleet | undefined
  /**
   * The answer of GET /gateway/bot, or a function that gives it: Discord is not asked then. A function is asked again
   * when its answer is five minutes old, and may be asynchronous; if it fails, the default URL is used. The host of
   * its `url` is one to which a session may resume. Default: Discord is asked.
   */
  readonly gatewayInfo?:
    GatewayBotInfo | ((signal: AbortSignal) => GatewayBotInfo | PromiseLike<GatewayBotInfo>) | undefined
  /** The presence with which a session begins. Default: online. */
  readonly presence?: GatewayPresenceUpdateData | undefined
  /**
   * What Discord is told about the client: https://discord.com/developers/docs/events/gateway-events#identify.
   * Default: this platform, and `discord-transport` twice.
   */
  readonly properties?: GatewayProperties | undefined
  /** A guild with more members comes without those who are offline: 50 to 250. Default: Discord's, 50. */
  readonly largeThreshold?: number | undefined
  /**
   * Of the whole stream. `'auto'` is zstd if Node has it (22.15), else zlib. With more than 16 shards it is zlib,
   * since an idle shard then needs a third less memory. Default: `'auto'`.
   */
  readonly compression?: 'auto' | GatewayCompression | undefined
  /**
   * Bytes of the largest payload that is read, compressed or not: 1 024 and more. A larger one ends in a resume, and if
   * it comes again in a new session. Default: 64 MiB.
   */
  readonly maxPayload?: number | undefined
  /**
   * Milliseconds for GET /gateway/bot: 1 to 120 000. Default: OPENCLAW_DISCORD_GATEWAY_INFO_TIMEOUT_MS, else 30 000.
   */
  readonly gatewayInfoTimeoutMs?: number | undefined
  /**
   * Milliseconds from the open WebSocket to HELLO, and from Identify to READY, for a shard's first session: 1 to
   * 120 000. A payload that is still arriving at the deadline gets the same time again. Default:
   * OPENCLAW_DISCORD_READY_TIMEOUT_MS, else 15 000.
   */
  readonly gatewayReadyTimeoutMs?: number | undefined
  /**
   * The same after a reconnect. A resume that is still replaying is not interrupted. 1 to 120 000. Default:
   * OPENCLAW_DISCORD_RUNTIME_READY_TIMEOUT_MS, else 30 000.
   */
  readonly gatewayRuntimeReadyTimeoutMs?: number | undefined
  /**
   * Milliseconds of the first step of the back-off: 1 to 60 000. The first attempt goes at once, the second after 0 to
   * this, each further one after up to twice as much. Default: 1 000.
   */
  readonly backoffBaseMs?: number | undefined
  /** Milliseconds that the back-off never exceeds: 1 to 600 000. Default: 30 000. */
  readonly backoffMaxMs?: number | undefined
  /**
   * Attempts of a shard in a row without a stable connection after which the gateway is closed with
   * ERR_GATEWAY_RECONNECT_LIMIT: 1 and more. Default: no limit.
   */
  readonly maxReconnectAttempts?: number | undefined
  /** Payloads of a shard that may wait to be sent. Default: 1 000. */
  readonly maxQueuedSends?: number | undefined
}
