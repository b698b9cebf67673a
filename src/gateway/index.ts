export { TransportWebSocket, type WebSocketOptions } from '../websocket/websocket.js'
export type { GatewayCompression } from './compression.js'
export type {
  GatewayClosed,
  GatewayEvents,
  GatewayReconnecting,
  GatewayResumed,
  GatewayState,
  ShardState,
  ShardStatus,
} from './events.js'
export { GatewayClient, type GatewayCloseOptions, type GatewayReconnectOptions } from './gateway.js'
export { GatewayError, type GatewayErrorCode, type GatewayErrorDetails } from './gateway-error.js'
export type { GatewayLinks } from './links.js'
export type { GatewayClientOptions, GatewayProperties } from './options.js'
export type { GatewaySession } from './session.js'
