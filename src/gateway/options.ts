import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import type { GatewayCompression } from './compression.js'
import type { GatewaySession } from './session.js'

/** How Discord is told about the client: https://discord.com/developers/docs/events/gateway-events#identify */
export interface GatewayProperties {
  readonly os: string
  readonly browser: string
  readonly device: string
}

/** Options of a gateway client. All but `token` and `intents` may be left out. */
export interface GatewayClientOptions {
  /** The bot's token, with or without `Bot ` before it. */
  readonly token: string
  /** The sum of the intents: https://discord.com/developers/docs/events/gateway#gateway-intents */
  readonly intents: number
  /**
   * `'auto'`: as many as Discord recommends; a number: all of so many; `[ids, total]`: these of so many, the
   * others run elsewhere. Default: 1.
   */
  readonly shards?: 'auto' | number | readonly [ids: readonly number[], total: number] | undefined
  /**
   * Sessions to resume, exported from `gateway.session` or `gateway.sessions`; null, as `gateway.session` is where
   * there was none, is the same as left out. Default: new ones.
   */
  readonly session?: GatewaySession | readonly GatewaySession[] | null | undefined
  /** The presence with which a session begins. Default: online. */
  readonly presence?: GatewayPresenceUpdateData | undefined
  /** Default: this platform, and `discord-transport` twice. */
  readonly properties?: GatewayProperties | undefined
  /** From how many members on a guild comes without those who are offline: 50 to 250. Default: Discord's, 50. */
  readonly largeThreshold?: number | undefined
  /**
   * Of the whole stream. `'auto'` is zstd where Node has it (22.15), else zlib; zlib also for more than 16 shards,
   * since an idle shard then takes a third less memory. Default: `'auto'`.
   */
  readonly compression?: 'auto' | GatewayCompression | undefined
  /**
   * Bytes of the largest payload taken, compressed or not: 1 024 and more. One that is larger ends in a resume,
   * and if it comes again in a new session. Default: 64 MiB.
   */
  readonly maxPayload?: number | undefined
  /**
   * Milliseconds for GET /gateway/bot: 1 to 120 000. Default: OPENCLAW_DISCORD_GATEWAY_INFO_TIMEOUT_MS, else
   * 30 000.
   */
  readonly gatewayInfoTimeoutMs?: number | undefined
  /**
   * Milliseconds from the open WebSocket to hello, and from Identify to READY, for a shard's first session: 1 to
   * 120 000. Default: OPENCLAW_DISCORD_READY_TIMEOUT_MS, else 15 000.
   */
  readonly gatewayReadyTimeoutMs?: number | undefined
  /**
   * The same after a reconnect; a resume that is still replaying is not interrupted. 1 to 120 000. Default:
   * OPENCLAW_DISCORD_RUNTIME_READY_TIMEOUT_MS, else 30 000.
   */
  readonly gatewayRuntimeReadyTimeoutMs?: number | undefined
  /**
   * Milliseconds of the back-off's first step: 1 to 60 000. The first attempt goes at once, the second after
   * 0 to this, each further one after up to twice as much. Default: 1 000.
   */
  readonly backoffBaseMs?: number | undefined
  /** Milliseconds that the back-off never exceeds: 1 to 600 000. Default: 30 000. */
  readonly backoffMaxMs?: number | undefined
  /** Payloads of a shard that may wait to be sent. Default: 1 000. */
  readonly maxQueuedSends?: number | undefined
}
