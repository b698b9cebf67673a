export { urlHost } from './authority.js'
export { deliveryLimits, type DeliveryLimits, type DeliveryOptions } from './delivery-limits.js'
export {
  emitEvent,
  type DirectEvent,
  type DownloadProgressEvent,
  type OnEvent,
  type ProxyChangeEvent,
  type ProxyDownEvent,
  type ProxyUpEvent,
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
  parseOptions,
  replaceNoProxy,
  replaceProxy,
  type ResolvedOptions,
  type TransportOptions,
} from './options.js'
export { checkProxyAuthorization, isHeaderValue, type ProxyAuthorization } from './proxy-authorization.js'
export type { GivenProxy, ProxyEntry, ProxyOption } from './proxy-list.js'
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
  description,
  isOperatorPolicy,
  onlyProxy,
  resolvePlainProxy,
  resolveProxy,
  sourceName,
  takesNoProxyVariable,
  type RouteDecision,
  type RoutePolicy,
} from './resolve-proxy.js'
export type { TlsOptions } from './tls-options.js'
export type { TlsSettings } from './tls-settings.js'
export type {
  OpenClawSource,
  PacEndpoint,
  Proxy,
  ProxyCredentials,
  ProxyDescription,
  ProxyEndpoint,
  ProxyProtocol,
  ProxySource,
  TunnelProtocol,
} from './types.js'
export type { Environment } from './variables.js'
