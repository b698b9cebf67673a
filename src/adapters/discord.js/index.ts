import type { ClientOptions } from 'discord.js'
import type { DiscordTransport, GatewayBotInfo, GatewayFleet } from '../../index.js'
import { limitsOf, type GatewayLimits } from '../gateway-limits.js'
import { requireTransport } from '../transport-option.js'
import { keepGiven } from '../warning.js'
import type { Manager } from './manager.js'
import { requestThrough } from './rest.js'
import { TransportShardingStrategy, type StrategySettings } from './sharding-strategy.js'

export { joinFleet, type FleetClients, type FleetShardOptions, type JoinFleetOptions } from './fleet.js'
export { restOptions } from './rest.js'
export type { GatewayLimits } from '../gateway-limits.js'

type BuildStrategy = NonNullable<NonNullable<ClientOptions['ws']>['buildStrategy']>

/** What clientOptions() takes beside the options of the Client. */
export interface GatewaySettings extends GatewayLimits {
  /** The answer to GET /gateway/bot, if it is known: then Discord is not asked. */
  readonly gatewayInfo?: GatewayBotInfo
  /** The lease of the only shard: `joinFleet()` gives it. */
  readonly fleet?: GatewayFleet
}

/**
 * Options for `new Client(options)` of discord.js 14, and of what stands on it (@sapphire/framework, discordx): the
 * gateway is the transport's own client, REST is `transport.fetch`.
 *
 * `enforceNonce` is true unless the bot says otherwise: so a message whose answer is lost is repeated and not doubled
 * (docs/delivery.md).
 *
 * @param transport what createDiscordTransport() returns
 * @param options the bot's own options; all are kept. A `rest.makeRequest` or `ws.buildStrategy` among them is kept
 *   with a warning, since it may go around the proxy
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function clientOptions<Options extends ClientOptions = ClientOptions>(
  transport: DiscordTransport,
  // The type comes from the Client that takes the result: discordx and @sapphire/framework have options of their own.
  options: NoInfer<Options> & GatewaySettings,
): Options
export function clientOptions(
  transport: DiscordTransport,
  options: ClientOptions & GatewaySettings,
): ClientOptions {
  requireTransport(transport)
  const { gatewayInfo, fleet, ...own } = options
  const { ws } = own
  const strategy = strategyOf({
    transport,
    limits: limitsOf(options),
    buildIdentifyThrottler: ws?.buildIdentifyThrottler?.bind(ws),
    fleet,
  })
  return {
    enforceNonce: true,
    ...own,
    rest: {
      ...own.rest,
      makeRequest: keepGiven(
        own.rest?.makeRequest,
        requestThrough(transport, gatewayInfo),
        'rest.makeRequest',
      ),
    },
    ws: {
      ...ws,
      buildStrategy: keepGiven<BuildStrategy>(ws?.buildStrategy?.bind(ws), strategy, 'ws.buildStrategy'),
    },
  }
}

/**
 * Options for `new WebSocketManager(options)` of @discordjs/ws 1.2 and 2, which @discordjs/core uses: the shards are
 * those of the transport's gateway client. Its `rest` should be `new REST(restOptions(transport))`.
 *
 * @param transport what createDiscordTransport() returns
 * @param options the manager's own options; all are kept, and a `buildStrategy` among them is kept with a warning
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function webSocketManagerOptions<Options extends object>(
  transport: DiscordTransport,
  options: Options & ManagerOptions,
): Options & {
  /** Runs every shard on the gateway client of this library. */
  readonly buildStrategy: (manager: Manager) => TransportShardingStrategy
} {
  requireTransport(transport)
  const { buildIdentifyThrottler, buildStrategy } = options
  const ours = strategyOf({ transport, limits: limitsOf(options), buildIdentifyThrottler })
  return { ...options, buildStrategy: keepGiven(buildStrategy, ours, 'buildStrategy') }
}

interface ManagerOptions extends GatewayLimits {
  readonly buildIdentifyThrottler?: StrategySettings['buildIdentifyThrottler']
  /** It is what webSocketManagerOptions() adds. */
  readonly buildStrategy?: never
}

function strategyOf(settings: StrategySettings): (manager: Manager) => TransportShardingStrategy {
  return (manager) => new TransportShardingStrategy(manager, settings)
}
