import {
  onlyProxy,
  resolveProxy,
  withOptions,
  type ResolvedOptions,
  type RoutePolicy,
} from '../../config/index.js'

/** The configuration that is looked at. */
export interface DiagnosedConfiguration {
  readonly policy: RoutePolicy
  readonly options: ResolvedOptions
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
