import { configError } from '../errors.js'
import type { ProxyDescription } from './types.js'

/** A `Proxy-Authorization` value, or a function that is asked for one before each tunnel, and told the proxy. */
export type ProxyAuthorization = string | ((proxy: ProxyDescription) => string | Promise<string>)

/** Field content of RFC 9110 §5.5: a line break would begin another header. */
export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && /^[ -~\u00a0-\u00ff]+$/.test(value)
}

/**
 * Checks a `Proxy-Authorization` value, also one that a function returned.
 *
 * @throws TransportError `ERR_PROXY_CONFIG`, without the value
 */
export function checkProxyAuthorization(value: unknown): string {
  if (isHeaderValue(value)) return value
  throw configError(
    'proxyAuthorization',
    'must be a header value: visible characters and spaces on one line',
    'For example Basic and the base64 of user:password, or Bearer and a token. Look for a line break at its end.',
  )
}
