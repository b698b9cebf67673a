import { configError } from '../errors.js'
import { say } from '../messages/index.js'
import { parseNoProxy, type NoProxyRules } from './no-proxy.js'
import type { ResolvedOptions } from './options.js'
import type { GivenProxy } from './proxy-list.js'
import { parseProxyUrl } from './proxy-url.js'
import type { Proxy, ProxyDescription, ProxySource } from './types.js'
import { NO_PROXY_VARIABLES, PLAIN_PROXY_VARIABLES, PROXY_VARIABLES, type Environment } from './variables.js'

/** The options that choose the proxies. */
export type ProxyChoice = Pick<ResolvedOptions, 'proxy' | 'proxySource' | 'required' | 'env' | 'noProxy'>

/** Where one destination goes, and why. */
export interface RouteDecision {
  readonly route: 'proxy' | 'direct'
  /** A phrase fit to print: `HTTPS_PROXY is set`, `NO_PROXY entry .discord.com matches`. */
  readonly reason: string
}

/** Which proxies are used, and for which destinations. */
export interface RoutePolicy {
  /** The first of `proxies`; null without a proxy. */
  readonly proxy: Proxy | null
  /** In order of preference; empty without a proxy. */
  readonly proxies: readonly GivenProxy[]
  /** Null without a proxy. */
  readonly source: ProxySource | null
  /** The entries of the bypass list that counts, as they were written. */
  readonly noProxy: readonly string[]
  /** Entries of the bypass list that could not be read, for the doctor to show. */
  readonly ignoredNoProxy: readonly string[]
  decide(host: string, port: number): RouteDecision
}

/**
 * Picks the proxy: the `proxy` option, then the variables in their order. The first that is set decides,
 * even if it is invalid: nothing falls back to a lower one or to a direct connection. Blank is unset.
 *
 * The bypass list is NO_PROXY with `noProxy: 'env'`, and then only for a proxy from HTTPS_PROXY or ALL_PROXY
 * in either case. A list in the options counts for the `proxy` option as well, since one author wrote both.
 * OPENCLAW_PROXY_URL and OpenClaw's `proxy.proxyUrl` are the operator's policy, in which no list makes holes.
 *
 * `required` asks for a proxy to be there, not for every destination to use it: a destination on the bypass
 * list still goes direct, because the person that set the proxy listed it. `noProxy: false` prevents that too.
 *
 * @throws TransportError `ERR_PROXY_CONFIG` that names the source, or with `required` those looked at
 */
export function resolveProxy(options: ProxyChoice): RoutePolicy {
  if (options.proxy === false) return directPolicy('proxy: false')
  const found = findProxies(options)
  if (found !== null) return proxyPolicy(found.proxies, found.source, options)
  if (options.required) {
    throw configError(
      'required',
      say('config.no-proxy', { variables: PROXY_VARIABLES.join(', ') }),
      say('config.no-proxy.hint'),
    )
  }
  return directPolicy(say('config.reason.none'))
}

/**
 * The policy for http:// URLs of a whole process, as most programs read HTTP_PROXY; null where it has no part: an
 * explicit proxy and OPENCLAW_PROXY_URL carry such URLs themselves. A CGI server sets HTTP_PROXY from a request's
 * `Proxy` header, so the upper-case name does not count in a CGI program: https://httpoxy.org
 *
 * @throws TransportError `ERR_PROXY_CONFIG` that names the variable
 */
export function resolvePlainProxy(options: ProxyChoice): RoutePolicy | null {
  if (options.proxy !== undefined || findProxies(options)?.source === 'OPENCLAW_PROXY_URL') return null
  const isCgi = options.env['REQUEST_METHOD'] !== undefined
  const names = PLAIN_PROXY_VARIABLES.filter((name) => !isCgi || name === 'http_proxy')
  const set = firstSet(options.env, names)
  if (set === null) return null
  return proxyPolicy([fromVariable(set)], set.name, options)
}

/** The policy with one of its proxies alone. */
export function onlyProxy(policy: RoutePolicy, listed: GivenProxy): RoutePolicy {
  return Object.freeze({ ...policy, proxy: listed.proxy, proxies: [listed] })
}

/**
 * A proxy as callers may see it; null where everything goes direct.
 *
 * @param shown default: the first of the list
 */
export function describeProxy(
  { proxy, source }: Pick<RoutePolicy, 'proxy' | 'source'>,
  shown: Proxy | null = proxy,
): ProxyDescription | null {
  return shown === null || source === null ? null : description(shown, source)
}

/** A proxy as callers may see it. */
export function description(
  { redactedUrl: url, protocol, host, port }: Proxy,
  source: ProxySource,
): ProxyDescription {
  return Object.freeze({ url, protocol, host, port, source })
}

/**
 * Where a proxy URL came from, in words.
 *
 * @param option what its option is called there. Default: the option of the library
 */
export function sourceName(source: ProxySource, option = say('doctor.source.option')): string {
  return source === 'config' ? option : source
}

/** Whether no bypass list counts for a proxy of this source. */
export function isOperatorPolicy(source: ProxySource): boolean {
  return source === 'OPENCLAW_PROXY_URL' || source === 'proxy.proxyUrl'
}

/** Whether NO_PROXY counts for a proxy of this source: it stands beside it in the environment. */
export function takesNoProxyVariable(source: ProxySource): boolean {
  return /^(?:https?|all)_proxy$/i.test(source)
}

function findProxies(options: ProxyChoice): { proxies: readonly GivenProxy[]; source: ProxySource } | null {
  const { proxy: given, env } = options
  if (given !== undefined && given !== false) return { proxies: given, source: options.proxySource }
  const set = firstSet(env, PROXY_VARIABLES)
  if (set === null) return null
  return { proxies: [fromVariable(set)], source: set.name }
}

function fromVariable({ name, value }: { name: ProxySource; value: string }): GivenProxy {
  return { proxy: parseProxyUrl(value, name), proxyTls: undefined, proxyAuthorization: undefined }
}

function firstSet<Name extends string>(
  env: Environment,
  names: readonly Name[],
): { name: Name; value: string } | null {
  for (const name of names) {
    const value = env[name]?.trim() ?? ''
    if (value !== '') return { name, value }
  }
  return null
}

function directPolicy(reason: string): RoutePolicy {
  const decision: RouteDecision = Object.freeze({ route: 'direct', reason })
  return Object.freeze({
    proxy: null,
    proxies: [],
    source: null,
    noProxy: [],
    ignoredNoProxy: [],
    decide: () => decision,
  })
}

function proxyPolicy(proxies: readonly GivenProxy[], source: ProxySource, options: ProxyChoice): RoutePolicy {
  const proxied: RouteDecision = Object.freeze({
    route: 'proxy',
    reason: say('config.reason.set', { source: sourceName(source) }),
  })
  const bypass = findBypass(source, options)
  return Object.freeze({
    proxy: proxies[0]?.proxy ?? null,
    proxies,
    source,
    noProxy: bypass?.rules.entries ?? [],
    ignoredNoProxy: bypass?.rules.ignored ?? [],
    decide(host: string, port: number): RouteDecision {
      const entry = bypass?.rules.match(host, port) ?? null
      if (bypass === null || entry === null) return proxied
      return Object.freeze({
        route: 'direct',
        reason: say('config.reason.bypass', { list: bypass.name, entry }),
      })
    },
  })
}

/** The bypass list that counts for a proxy of this source, and what it is called. */
function findBypass(
  source: ProxySource,
  { noProxy, env }: ProxyChoice,
): { name: string; rules: NoProxyRules } | null {
  if (noProxy === false || isOperatorPolicy(source)) return null
  if (noProxy !== 'env') return { name: 'noProxy', rules: parseNoProxy(noProxy) }
  if (!takesNoProxyVariable(source)) return null
  const set = firstSet(env, NO_PROXY_VARIABLES)
  return set === null ? null : { name: set.name, rules: parseNoProxy(set.value) }
}
