import {
  checkProxyAuthorization,
  describeProxy,
  parseOptions,
  resolveProxy,
  type Environment,
  type Proxy,
  type ProxyAuthorization,
  type ProxyDescription,
  type ProxyEndpoint,
  type TlsOptions,
} from '../../config/index.js'
import { Route } from '../../tunnel/index.js'
import { TlsClient } from '../../tunnel/tls.js'

/** Which proxy is examined, and how it is reached. */
export interface ProxiedRouteOptions {
  /** The proxy's URL. Default: the first variable that is set, as for a transport. */
  readonly proxyUrl?: string | URL | undefined
  /** Where the variables are looked up. Default: `process.env`. */
  readonly env?: Environment | undefined
  readonly proxyTls?: TlsOptions | undefined
  readonly tls?: TlsOptions | undefined
  readonly proxyAuthorization?: ProxyAuthorization | undefined
}

/** A route on which nothing goes direct: no bypass list counts, and a PAC script's DIRECT is an error. */
export interface ProxiedRoute {
  readonly route: Route
  readonly proxy: ProxyDescription
  /** Undefined for a PAC script. */
  readonly endpoint: ProxyEndpoint | undefined
  /** TLS to an `https://` proxy, for a request that takes no tunnel. */
  readonly proxyTls: TlsClient
  /** The Proxy-Authorization that a tunnel would carry. */
  readonly authorization: () => Promise<string | undefined>
}

/** @throws TransportError ERR_PROXY_CONFIG, also where there is no proxy */
export function openProxiedRoute(options: ProxiedRouteOptions, timeoutMs: number): ProxiedRoute {
  const { proxyUrl, env, proxyTls, tls, proxyAuthorization } = options
  const resolved = parseOptions({
    proxy: proxyUrl,
    env,
    proxyTls,
    tls,
    proxyAuthorization,
    required: true,
    noProxy: false,
    connectTimeoutMs: timeoutMs,
  })
  const policy = resolveProxy(resolved)
  const proxy = describeProxy(policy)
  if (proxy === null) throw new TypeError('a required proxy was not there')
  return {
    route: new Route(policy, resolved),
    proxy,
    endpoint: policy.proxy?.kind === 'tunnel' ? policy.proxy : undefined,
    proxyTls: new TlsClient(resolved.proxyTls),
    authorization: () => authorizationOf(policy.proxy, resolved.proxyAuthorization),
  }
}

/** RFC 7617, unless the options bring a header value of their own. */
async function authorizationOf(
  proxy: Proxy | null,
  given: ProxyAuthorization | undefined,
): Promise<string | undefined> {
  if (given !== undefined) return checkProxyAuthorization(typeof given === 'string' ? given : await given())
  if (proxy?.kind !== 'tunnel' || proxy.credentials === undefined) return undefined
  const { username, password } = proxy.credentials
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
