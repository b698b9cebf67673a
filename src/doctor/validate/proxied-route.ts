import {
  checkProxyAuthorization,
  description,
  onlyProxy,
  parseOptions,
  resolveProxy,
  type Environment,
  type GivenProxy,
  type ProxyAuthorization,
  type ProxyDescription,
  type ProxyEndpoint,
  type ProxyOption,
  type ProxySource,
  type TlsOptions,
} from '../../config/index.js'
import { Route } from '../../tunnel/index.js'
import { TlsClient } from '../../tunnel/tls.js'

/** Which proxy is examined, and how it is reached. */
export interface ProxiedRouteOptions {
  /**
   * The proxy's URL, or a list as the option `proxy` takes one. Default: the first variable that is set, as for a
   * transport.
   */
  readonly proxyUrl?: Exclude<ProxyOption, false> | undefined
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
  /** What its checks say of a proxy that is one of a list. */
  readonly ofList: { readonly proxy?: string }
  /** Undefined for a PAC script. */
  readonly endpoint: ProxyEndpoint | undefined
  /** TLS to an `https://` proxy, for a request that takes no tunnel. */
  readonly proxyTls: TlsClient
  /** The Proxy-Authorization that a tunnel would carry. */
  readonly authorization: () => Promise<string | undefined>
}

/**
 * A route for each proxy of the list.
 *
 * @throws TransportError ERR_PROXY_CONFIG, also where there is no proxy
 */
export function openProxiedRoutes(options: ProxiedRouteOptions, timeoutMs: number): readonly ProxiedRoute[] {
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
  const { source } = policy
  if (source === null) throw new TypeError('a required proxy was not there')
  return policy.proxies.map((listed): ProxiedRoute => {
    const { proxy } = listed
    return {
      route: new Route(onlyProxy(policy, listed), resolved),
      proxy: description(proxy, source),
      ofList: policy.proxies.length > 1 ? { proxy: proxy.redactedUrl } : {},
      endpoint: proxy.kind === 'tunnel' ? proxy : undefined,
      proxyTls: new TlsClient(listed.proxyTls ?? resolved.proxyTls),
      authorization: () => authorizationOf(listed, resolved.proxyAuthorization, source),
    }
  })
}

/** RFC 7617, unless the options bring a header value of their own. */
async function authorizationOf(
  { proxy, proxyAuthorization }: GivenProxy,
  ofAll: ProxyAuthorization | undefined,
  source: ProxySource,
): Promise<string | undefined> {
  const given = proxyAuthorization ?? ofAll
  if (typeof given === 'string') return checkProxyAuthorization(given)
  if (given !== undefined) return checkProxyAuthorization(await given(description(proxy, source)))
  if (proxy.kind !== 'tunnel' || proxy.credentials === undefined) return undefined
  const { username, password } = proxy.credentials
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
