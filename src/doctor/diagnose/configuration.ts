import { onlyProxy, resolveProxy, type ResolvedOptions, type RoutePolicy } from '../../config/index.js'

/** The configuration that is looked at. */
export interface DiagnosedConfiguration {
  readonly policy: RoutePolicy
  readonly options: ResolvedOptions
}

/** Some options changed. Those that hold secrets are not copied by a spread. */
export function withOptions(options: ResolvedOptions, changes: Partial<ResolvedOptions>): ResolvedOptions {
  const { env, proxyAuthorization } = options
  return { ...options, env, proxyAuthorization, ...changes }
}

/** The same host without any proxy. Its events are not those of the transport that is diagnosed. */
export function withoutProxy(options: ResolvedOptions): DiagnosedConfiguration {
  const direct = withOptions(options, { proxy: false, onEvent: undefined })
  return { policy: resolveProxy(direct), options: direct }
}

/** The configuration with each of its proxies alone, in order of preference. */
export function eachProxy({ policy, options }: DiagnosedConfiguration): readonly DiagnosedConfiguration[] {
  return policy.proxies.map((given) => {
    const { proxyTls = options.proxyTls, proxyAuthorization = options.proxyAuthorization } = given
    return {
      policy: onlyProxy(policy, given),
      options: withOptions(options, { proxyTls, proxyAuthorization }),
    }
  })
}
