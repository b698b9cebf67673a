import { isIP } from 'node:net'
import {
  parseNoProxy,
  redactUrl,
  sanitizeForeignText,
  type Environment,
  type ProxySource,
  type RoutePolicy,
} from '../../config/index.js'
import { NO_PROXY_VARIABLES, PROXY_VARIABLES } from '../../config/variables.js'

export type NoteCode =
  | 'http-proxy-unused'
  | 'source-overridden'
  | 'case-pair-differs'
  | 'no-proxy-not-counted'
  | 'no-proxy-matches'
  | 'no-proxy-unreadable'
  | 'loopback-in-container'
  | 'no-proxy-found'

/** Something about the configuration that people trip over. */
export interface ConfigurationNote {
  readonly code: NoteCode
  readonly text: string
}

interface Target {
  readonly host: string
  readonly port: number
}

/** What the notes are about. */
export interface NotedConfiguration {
  readonly env: Environment
  /** Null where no proxy is in use, or where its source holds no usable URL. */
  readonly policy: RoutePolicy | null
  /** Options of the transport that silence the environment. */
  readonly noProxy: 'env' | readonly string[] | false
  readonly inContainer: boolean
  /** What a bot connects to: a bypass list may take out some of them. */
  readonly targets: readonly Target[]
}

/** Which settings are there and do not count, and which count against expectation. Never shows a credential. */
export function configurationNotes(configuration: NotedConfiguration): readonly ConfigurationNote[] {
  return [
    ...overriddenSources(configuration),
    ...unusedHttpProxy(configuration),
    ...casePairs(configuration),
    ...bypassed(configuration),
    ...unreadableEntries(configuration),
    ...uncountedBypass(configuration),
    ...loopback(configuration),
    ...nothingFound(configuration),
  ]
}

const note = (code: NoteCode, text: string): ConfigurationNote => ({ code, text })

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim() ?? ''
  return value === '' ? undefined : value
}

/** What decided, in words. */
export function sourceName(source: ProxySource): string {
  return source === 'config' ? 'the proxy option' : source
}

function overriddenSources({ env, policy }: NotedConfiguration): ConfigurationNote[] {
  const { source } = policy ?? {}
  if (source === undefined || source === null) return []
  const winner = valueOf(env, source)
  const lower =
    source === 'config' ? PROXY_VARIABLES : PROXY_VARIABLES.slice(PROXY_VARIABLES.indexOf(source) + 1)
  return lower.flatMap((name) => {
    const value = valueOf(env, name)
    if (value === undefined || value === winner) return []
    return note(
      'source-overridden',
      `${name} (${redactUrl(value)}) is set too, and loses to ${sourceName(source)}.`,
    )
  })
}

function unusedHttpProxy({ env, policy }: NotedConfiguration): ConfigurationNote[] {
  const names = ['HTTP_PROXY', 'http_proxy'].filter((name) => valueOf(env, name) !== undefined)
  if (names.length === 0) return []
  const instead =
    policy?.proxy === null || policy === null
      ? ' Put the same value into HTTPS_PROXY or OPENCLAW_PROXY_URL.'
      : ''
  return [
    note(
      'http-proxy-unused',
      `${names.join(' and ')} is set and never used: everything of Discord's goes over TLS.${instead}`,
    ),
  ]
}

function casePairs({ env }: NotedConfiguration): ConfigurationNote[] {
  return ['HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((upper) => {
    const lower = upper.toLowerCase()
    const [first, second] = [valueOf(env, upper), valueOf(env, lower)]
    if (first === undefined || second === undefined || first === second) return []
    return note(
      'case-pair-differs',
      `${upper} and ${lower} differ: here ${upper} comes first, elsewhere it may be ${lower}.`,
    )
  })
}

function bypassed({ policy, targets }: NotedConfiguration): ConfigurationNote[] {
  if (policy?.source === undefined || policy.source === null) return []
  const reasonOf = ({ host, port }: Target): string | null => {
    const { route, reason } = policy.decide(host, port)
    return route === 'direct' ? reason : null
  }
  return hostsBy(targets, reasonOf).map(([reason, hosts]) =>
    note(
      'no-proxy-matches',
      `WITHOUT the proxy: ${hosts}, since ${reason}. Remove that entry if that is not meant.`,
    ),
  )
}

function unreadableEntries({ policy }: NotedConfiguration): ConfigurationNote[] {
  const entries = policy?.ignoredNoProxy ?? []
  if (entries.length === 0) return []
  return [
    note('no-proxy-unreadable', `Entries of the bypass list that cannot be read: ${entries.join(', ')}.`),
  ]
}

function uncountedBypass({ env, policy, noProxy, targets }: NotedConfiguration): ConfigurationNote[] {
  const { source = null } = policy ?? {}
  const name = NO_PROXY_VARIABLES.find((variable) => valueOf(env, variable) !== undefined)
  if (source === null || name === undefined) return []
  if (source !== 'config' && source !== 'OPENCLAW_PROXY_URL' && noProxy === 'env') return []
  const rules = parseNoProxy(env[name] ?? '')
  const why =
    noProxy === 'env' ? `the proxy comes from ${sourceName(source)}` : 'the option noProxy takes its place'
  return hostsBy(targets, ({ host, port }) => rules.match(host, port)).map(([entry, hosts]) =>
    note(
      'no-proxy-not-counted',
      `${name} has the entry ${sanitizeForeignText(entry)}, which would match ${hosts}, but does not count: ${why}.`,
    ),
  )
}

/** The hosts that have something in common; null is nothing. */
function hostsBy(targets: readonly Target[], common: (target: Target) => string | null): [string, string][] {
  const found = new Map<string, string[]>()
  for (const target of targets) {
    const key = common(target)
    if (key !== null) found.set(key, [...(found.get(key) ?? []), target.host])
  }
  return [...found].map(([key, hosts]) => [key, hosts.join(', ')])
}

function loopback({ policy, inContainer }: NotedConfiguration): ConfigurationNote[] {
  const { proxy = null } = policy ?? {}
  if (!inContainer || proxy === null || !isLoopback(proxy.host)) return []
  return [
    note(
      'loopback-in-container',
      `The proxy ${proxy.host} is this container itself. For one on the host write host.docker.internal (Docker on Linux: --add-host=host.docker.internal:host-gateway), or run with --network=host.`,
    ),
  ]
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost')
}

function nothingFound({ policy }: NotedConfiguration): ConfigurationNote[] {
  if (policy?.proxy !== null) return []
  const reason = policy.decide('discord.com', 443).reason
  return [note('no-proxy-found', `Every connection goes direct: ${reason}.`)]
}
