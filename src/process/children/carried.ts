import type { ResolvedOptions, TlsSettings } from '../../config/index.js'
import { problemsError } from '../../config/problems.js'
import { proxyHref } from '../../config/proxy-href.js'
import { NO_PROXY_VARIABLES, PROXY_VARIABLES } from '../../config/variables.js'
import { bypassList, exportedVariables, type Variables } from '../environment.js'
import type { ResolvedInstallOptions } from '../options.js'
import { preloadVariables } from '../preload-settings.js'
import type { CarriedOptions, ProcessRoutes } from '../route.js'

/**
 * What children can be told of the options of a transport. `delivery`, `maxFileBytes` and `keepWarm` are for its own
 * clients, and have no part in an installation.
 */
export function carriedOptions(options: ResolvedOptions): CarriedOptions {
  const { required, dns, connectTimeoutMs, keepAliveMs, maxTunnels } = options
  const { proxyTls, tls, proxyAuthorization, noProxy } = options
  return {
    settings: {
      required: required || undefined,
      dns,
      proxyCaFile: proxyTls.caFile,
      tlsCaFile: tls.caFile,
      connectTimeoutMs,
      keepAliveMs,
      maxTunnels: Number.isFinite(maxTunnels) ? maxTunnels : undefined,
    },
    uncarried: [
      ...uncarriedProxy(options.proxy),
      ...(Array.isArray(noProxy) ? ['noProxy'] : []),
      ...uncarriedTls(proxyTls, 'proxyTls'),
      ...uncarriedTls(tls, 'tls'),
      ...(proxyAuthorization === undefined ? [] : ['proxyAuthorization']),
      ...(options.listens ? ['onEvent'] : []),
    ],
  }
}

/** A variable holds one URL, and nothing that a list says of each proxy. */
function uncarriedProxy(proxy: ResolvedOptions['proxy']): string[] {
  if (proxy === undefined || proxy === false) return []
  const [first, ...more] = proxy
  const plain = first?.proxyTls === undefined && first?.proxyAuthorization === undefined
  return more.length === 0 && plain ? [] : ['proxy']
}

function uncarriedTls(settings: TlsSettings, hop: 'proxyTls' | 'tls'): string[] {
  const { ca = [], caFile, cert, servername, rejectUnauthorized } = settings
  const inMemory = ca.length - (caFile === undefined ? 0 : 1)
  return [
    ...(inMemory > 0 ? [`${hop}.ca`] : []),
    ...(cert === undefined ? [] : [`${hop}.cert`]),
    ...(servername === undefined ? [] : [`${hop}.servername`]),
    ...(rejectUnauthorized ? [] : [`${hop}.rejectUnauthorized`]),
  ]
}

/**
 * Checks that children can be given what this installation does.
 *
 * @throws TransportError ERR_INVALID_OPTIONS that names each option that no variable can carry
 */
export function checkCarried({ carried }: ProcessRoutes, options: ResolvedInstallOptions): void {
  const names = [
    ...carried().uncarried,
    ...(Array.isArray(options.noProxy) ? ['noProxy'] : []),
    ...(options.bypassPolicy === undefined ? [] : ['bypassPolicy']),
  ]
  if (names.length === 0) return
  const problems = [...new Set(names)].map((name) => ({
    text: `children: no variable can carry the option ${name} to a child process`,
    hint: HINT,
  }))
  throw problemsError(problems, 'ERR_INVALID_OPTIONS')
}

const HINT =
  'Leave children out, and call install() in each child; or use what a variable can carry: a URL, a caFile, NO_PROXY.'

/** The variables by which the preload does the same in a child. Empty where there is no proxy to lead it through. */
export function childVariables(routes: ProcessRoutes, options: ResolvedInstallOptions): Variables {
  const { main, plain, carried } = routes
  const { proxy, source } = main.policy
  if (proxy === null || source === null) return {}
  const { scope, loopback, sockets, udp } = options
  const name = PROXY_VARIABLES.find((variable) => variable === source) ?? 'OPENCLAW_PROXY_URL'
  const stronger = PROXY_VARIABLES.slice(0, PROXY_VARIABLES.indexOf(name))
  const ownList = name !== 'OPENCLAW_PROXY_URL'
  return {
    ...(options.environment === 'export' ? exportedVariables(routes) : {}),
    ...Object.fromEntries(stronger.map((variable) => [variable, ''])),
    ...(plain?.policy.proxy && { HTTP_PROXY: proxyHref(plain.policy.proxy), http_proxy: '' }),
    ...(ownList && Object.fromEntries(NO_PROXY_VARIABLES.map((list) => [list, bypassList(main.policy)]))),
    ...preloadVariables({ ...carried().settings, scope, loopback, sockets, udp, children: true }),
    [name]: proxyHref(proxy),
  }
}
