export type {
  DeliveryOptions,
  ProxyDescription,
  ProxyEntry,
  ProxyOption,
  ProxyProtocol,
  ProxySource,
  TlsOptions,
  TransportEvent,
  TransportOptions,
} from './config/index.js'
export type {
  Comparison,
  ComparisonVerdict,
  ConfigurationNote,
  DiagnosedHop,
  DiagnoseOptions,
  Diagnosis,
  DiagnosisCode,
  Fix,
  HopId,
  HopProgress,
  HopStatus,
  ProxyDiagnosis,
} from './doctor/index.js'
export type { PolicyCheck, ProxyValidation, ValidateOptions, ValidationCheck } from './doctor/index.js'
export { TransportError, type TransportErrorCode, type TransportPhase } from './errors.js'
export {
  GatewayError,
  type DisconnectCause,
  type GatewayBotInfo,
  type GatewayClient,
  type GatewayClientOptions,
  type GatewayClosed,
  type GatewayCloseOptions,
  type GatewayCompression,
  type GatewayDisconnected,
  type GatewayDispatchInfo,
  type GatewayErrorCode,
  type GatewayErrorDetails,
  type GatewayEvents,
  type GatewayFleet,
  type GatewayFleetClose,
  type GatewayFleetMember,
  type GatewayHeartbeat,
  type GatewayIdentifyThrottler,
  type GatewayProperties,
  type GatewayReconnecting,
  type GatewayReconnectOptions,
  type GatewayResumed,
  type GatewaySession,
  type GatewaySessionStore,
  type GatewayShard,
  type GatewayShardLeases,
  type GatewayState,
  type SessionStartLimit,
  type ShardState,
  type ShardStatus,
  type TransportWebSocket,
  type WebSocketOptions,
} from './gateway/index.js'
export type {
  BypassPolicy,
  BypassRequest,
  InstalledExplanation,
  Installation,
  InstallOptions,
  Surface,
} from './process/index.js'
export type { FetchInit, FetchInput, TransportFetch } from './rest/index.js'
export type { ProxyStats, TransportStats } from './tunnel/index.js'
export type { CarbonGatewayOptions, DiscordTransport, RouteExplanation } from './discord-transport.js'
export { createDiscordTransport, validateProxy } from './transport.js'
