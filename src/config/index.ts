export { urlHost } from './authority.js'
export { deliveryLimits, type DeliveryLimits, type DeliveryOptions } from './delivery-limits.js'
export {
  emitEvent,
  type DirectEvent,
  type DownloadProgressEvent,
  type TransportEvent,
  type TunnelCloseEvent,
  type TunnelFailedEvent,
  type TunnelOpenEvent,
  type UploadProgressEvent,
} from './events.js'
export { normalizeHost } from './host.js'
export { parseNoProxy, type NoProxyRules } from './no-proxy.js'
export {
  checkProxyAuthorization,
  isHeaderValue,
  parseOptions,
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
  resolveProxy,
  type ProxyDescription,
  type RouteDecision,
  type RoutePolicy,
} from './resolve-proxy.js'
export type { TlsOptions } from './tls-options.js'
export type { TlsSettings } from './tls-settings.js'
export type {
  PacEndpoint,
  Proxy,
  ProxyCredentials,
  ProxyEndpoint,
  ProxyProtocol,
  ProxySource,
  TunnelProtocol,
} from './types.js'
export type { Environment } from './variables.js'
