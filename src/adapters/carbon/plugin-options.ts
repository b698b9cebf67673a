import type { GatewayPlugin } from '@buape/carbon/gateway'
import {
  GatewayError,
  TransportError,
  type DiscordTransport,
  type GatewayClientOptions,
  type GatewayFleet,
} from '../../index.js'
import { limitsOf, type GatewayLimits } from '../gateway-limits.js'

type Options = ConstructorParameters<typeof GatewayPlugin>[0]
export type GatewayInfo = NonNullable<ConstructorParameters<typeof GatewayPlugin>[1]>

/** What a plugin on a transport takes beside Carbon's own options. */
export type TransportPluginOptions = GatewayLimits & {
  readonly transport: DiscordTransport
  /** The lease of this plugin's shard in a fleet: `ProxyShardingPlugin` gives it. */
  readonly fleet?: GatewayFleet | undefined
}

/**
 * Carbon's GatewayPluginOptions, the transport that carries them, and the limits of `createGateway()`.
 *
 * `webSocketFactory` is not used: the sockets are the transport's, so that none can go around the proxy. The
 * `reconnect` option maps to the back-off; without `maxAttempts` there is no limit of attempts.
 */
export type ProxyGatewayPluginOptions = Options & TransportPluginOptions

/** Members of Carbon's class that the adapter overrides, calls or fills. Their absence is an error of the constructor. */
const CARBON_METHODS = [
  'canResume',
  'connect',
  'createWebSocket',
  'disconnect',
  'handleClose',
  'identify',
  'registerClient',
] as const
const CARBON_FIELDS = ['emitter', 'isConnected', 'monitor', 'options', 'sequence', 'state', 'ws'] as const

/** What `/gateway/bot` answers to bots of every size. */
export const DEFAULT_GATEWAY_URL = 'wss://gateway.discord.gg'
/** The bounds of `backoffBaseMs` and `backoffMaxMs`. */
const MAX_BACKOFF_BASE_MS = 60_000
const MAX_BACKOFF_MS = 600_000

/** Carbon's own options. */
export function carbonOptions(options: ProxyGatewayPluginOptions): Options {
  const own: Options = { ...options }
  for (const name of ['transport', 'fleet', ...Object.keys(limitsOf(options))])
    Reflect.deleteProperty(own, name)
  return own
}

/**
 * An override of a method that Carbon no longer has would never be called, and Carbon would open its own WebSocket,
 * past the proxy.
 *
 * @param carbon the prototype of Carbon's class: an instance of the adapter has the overrides in any case
 * @throws TypeError for a Carbon without the methods that the adapter needs
 */
export function requireMethods(carbon: GatewayPlugin): void {
  for (const member of CARBON_METHODS)
    if (typeof Reflect.get(carbon, member) !== 'function') throw missingMember(member)
}

/** @throws TypeError for a Carbon without the fields that the adapter needs */
export function requireFields(plugin: GatewayPlugin): void {
  for (const member of CARBON_FIELDS) if (!(member in plugin)) throw missingMember(member)
}

/** For a URL that was not looked up: no limit of starts is known. */
export function unlimitedInfo(url: string): GatewayInfo {
  return {
    url,
    shards: 1,
    session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
  }
}

/** Carbon's `reconnect` within the bounds of the gateway client. Carbon's default of 5 attempts is no limit here. */
export function backoffOf({ baseDelay, maxDelay, maxAttempts }: NonNullable<Options['reconnect']> = {}): Pick<
  GatewayClientOptions,
  'backoffBaseMs' | 'backoffMaxMs' | 'maxReconnectAttempts'
> {
  const within = (value: number | undefined, max: number): number | undefined =>
    value === undefined || Number.isNaN(value) ? undefined : Math.min(max, Math.max(1, Math.round(value)))
  return {
    backoffBaseMs: within(baseDelay, MAX_BACKOFF_BASE_MS),
    backoffMaxMs: within(maxDelay, MAX_BACKOFF_MS),
    maxReconnectAttempts: maxAttempts === Infinity ? undefined : within(maxAttempts, Number.MAX_SAFE_INTEGER),
  }
}

export function isRetryable(error: Error): boolean {
  return (error instanceof TransportError || error instanceof GatewayError) && error.retryable
}

function missingMember(member: string): TypeError {
  return new TypeError(
    `This version of @buape/carbon has no GatewayPlugin.${member}, which discord-transport needs: use 0.14, 0.15 or 0.16.`,
  )
}
