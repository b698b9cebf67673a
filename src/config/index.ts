export { urlHost } from './authority.js'
export { deliveryLimits, type DeliveryLimits, type DeliveryOptions } from './delivery-limits.js'
export {
  emitEvent,
  type DirectEvent,
  type DownloadProgressEvent,
  type OnEvent,
  type RequestEvent,
  type TransportEvent,
  type TunnelCloseEvent,
  type TunnelFailedEvent,
  type TunnelOpenEvent,
  type UploadProgressEvent,
} from './events.js'
export type { Log } from './log.js'
export { normalizeHost } from './host.js'
export { parseNoProxy, type NoProxyRules } from './no-proxy.js'
export {
  checkProxyAuthorization,
  isHeaderValue,
  parseOptions,
  replaceNoProxy,
  replaceProxy,
  type ProxyAuthorization,
  type ResolvedOptions,
  type TransportOptions,
} from './options.js'
export { parseProxyUrl } from './proxy-url.js'
export {
  createRedactor,
  redactUrl,
  sanitizeForeignText,
  secretsOfAuthorization,
  secretsOfProxy,
} from './redact.js'
export {
  describeProxy,
  isOperatorPolicy,
  resolvePlainProxy,
  resolveProxy,
  sourceName,
  takesNoProxyVariable,
  type ProxyDescription,
  type RouteDecision,
  type RoutePolicy,
} from './resolve-proxy.js'
export type { TlsOptions, TlsSettings } from './tls-options.js'
export type {
  OpenClawSource,
  PacEndpoint,
  Proxy,
  ProxyCredentials,
  ProxyEndpoint,
  ProxyProtocol,
  ProxySource,
  TunnelProtocol,
} from './types.js'
export type { Environment } from './variables.js'
