export { TransportWebSocket, type WebSocketOptions } from '../websocket/websocket.js'
export type { GatewayBotInfo, SessionStartLimit } from '../discord/gateway-bot.js'
export type { GatewayProperties } from '../discord/identify.js'
export { BotAccounts } from './bot-account.js'
export type { GatewayCompression } from './compression/compression.js'
export type { DisconnectCause } from './disconnect.js'
export type {
  GatewayClosed,
  GatewayDispatchInfo,
  GatewayDisconnected,
  GatewayEvents,
  GatewayHeartbeat,
  GatewayReconnecting,
  GatewayResumed,
  GatewayState,
  ShardState,
  ShardStatus,
} from './events.js'
export type { GatewayFleet, GatewayFleetClose, GatewayFleetMember, GatewayShardLeases } from './fleet.js'
export { GatewayClient } from './gateway.js'
export { GatewayError, type GatewayErrorCode, type GatewayErrorDetails } from './gateway-error.js'
export type { GatewayCloseOptions, GatewayReconnectOptions, GatewayShard } from './gateway-shard.js'
export type { GatewayIdentifyThrottler } from './identify-queue.js'
export type { GatewayLinks } from './links.js'
export { logGateway } from './log.js'
export type { GatewayClientOptions } from './options/options.js'
export type { GatewaySession, GatewaySessionStore } from './session.js'
