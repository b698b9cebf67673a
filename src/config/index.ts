export { urlHost } from './authority.js'
export { deliveryLimits, type DeliveryLimits, type DeliveryOptions } from './delivery-limits.js'
export { emitEvent, type OnEvent, type TransportEvent } from './events.js'
export type { Log } from './log.js'
export { parseNoProxy } from './no-proxy.js'
export {
  parseOptions,
  replaceProxy,
  withOptions,
  type ResolvedOptions,
  type TransportOptions,
} from './options.js'
export { checkProxyAuthorization, type ProxyAuthorization } from './proxy-authorization.js'
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
  ProxyDescription,
  ProxyEndpoint,
  ProxyProtocol,
  ProxySource,
} from './types.js'
export type { Environment } from './variables.js'
