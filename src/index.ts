export type {
  ProxyDescription,
  ProxyProtocol,
  ProxySource,
  TlsOptions,
  TransportEvent,
  TransportOptions,
} from './config/index.js'
export { TransportError, type TransportErrorCode, type TransportPhase } from './errors.js'
export type { TransportWebSocket, WebSocketOptions } from './gateway/index.js'
export type { FetchInit, FetchInput, TransportFetch } from './rest/index.js'
export type { TransportStats } from './route/index.js'
export {
  createDiscordTransport,
  type DiscordTransport,
  type GatewayOptions,
  type RouteExplanation,
} from './transport.js'
