import { problemsError } from '../config/problems.js'
import { proxyHref } from '../config/proxy-href.js'
import type { Proxy } from '../config/types.js'
import type { RoutePolicy } from '../config/resolve-proxy.js'
import type { ProcessRoutes } from './route.js'
import type { HookContext } from './surfaces/context.js'

/** Variables to be set for other programs, or for other code of this process. */
export type Variables = Readonly<Record<string, string>>

/**
 * `environment: 'export'`: other code and other programs find the proxy in the variables that everybody reads.
 *
 * @throws TransportError ERR_INVALID_OPTIONS for a PAC script, which they cannot use
 */
export function hookEnvironment({ options, routes, onStop }: HookContext): void {
  if (options.environment !== 'export') return
  if (routes.main.policy.proxy?.kind === 'pac') throw problemsError([PAC_PROBLEM], 'ERR_INVALID_OPTIONS')
  let restore: (() => void) | undefined = exportEnvironment(exportedVariables(routes))
  routes.onChange(() => {
    if (restore === undefined) return
    restore()
    restore = exportEnvironment(exportedVariables(routes))
  })
  onStop(() => {
    restore?.()
    restore = undefined
  })
}

const PAC_PROBLEM = {
  text: "environment: 'export' needs a proxy that other programs can use, and this one is a PAC script",
  hint: 'Leave environment out, or set the proxy that the script names.',
}

/** The names of a bypass list; global-agent reads one of its own. */
const BYPASS_LISTS = ['NO_PROXY', 'no_proxy', 'GLOBAL_AGENT_NO_PROXY']

/** Each name in both cases: programs differ in which they read, and in which they prefer. */
function both(name: 'HTTP_PROXY' | 'HTTPS_PROXY', proxy: Proxy): [string, string][] {
  const value = proxyHref(proxy)
  return [
    [name, value],
    [name.toLowerCase(), value],
  ]
}

/**
 * The proxy as other programs read it, with `environment: 'export'`. The bypass list is the one that counts here: with
 * OPENCLAW_PROXY_URL or the option `proxy` the variables are blank, so that no list of the environment leads around it.
 * Empty where there is no proxy that other programs can use.
 */
export function exportedVariables({ main, plain }: ProcessRoutes): Variables {
  const { proxy } = main.policy
  if (proxy === null || proxy.kind === 'pac') return {}
  return Object.fromEntries([
    ...both('HTTPS_PROXY', proxy),
    ...both('HTTP_PROXY', plain?.policy.proxy ?? proxy),
    ...BYPASS_LISTS.map((name): [string, string] => [name, bypassList(main.policy)]),
  ])
}

export function bypassList({ noProxy }: RoutePolicy): string {
  return noProxy.join(',')
}

/**
 * Sets variables of this process.
 *
 * @returns puts back what they were, an absent one as absent, unless other code has changed it since
 */
export function exportEnvironment(variables: Variables, env: NodeJS.ProcessEnv = process.env): () => void {
  const before = Object.keys(variables).map((name) => [name, env[name]] as const)
  Object.assign(env, variables)
  return () => {
    for (const [name, value] of before) {
      if (env[name] !== variables[name]) continue
      if (value === undefined) Reflect.deleteProperty(env, name)
      else env[name] = value
    }
  }
}
