import {
  description,
  onlyProxy,
  parseOptions,
  resolveProxy,
  type Environment,
  type ProxyAuthorization,
  type ProxyDescription,
  type ProxyOption,
  type TlsOptions,
} from '../../config/index.js'
import { Route } from '../../tunnel/index.js'

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
    }
  })
}
