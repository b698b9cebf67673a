import { isIP } from 'node:net'
import {
  parseNoProxy,
  redactUrl,
  sanitizeForeignText,
  sourceName,
  takesNoProxyVariable,
  type Environment,
  type RoutePolicy,
} from '../../config/index.js'
import { render, say, text, type Text } from '../../messages/index.js'
import type { ProcessState } from '../../process/index.js'
import { decidingVariable, NO_PROXY_VARIABLES, PROXY_VARIABLES } from '../../config/variables.js'

export type NoteCode =
  | 'http-proxy-unused'
  | 'source-overridden'
  | 'case-pair-differs'
  | 'no-proxy-not-counted'
  | 'no-proxy-matches'
  | 'no-proxy-unreadable'
  | 'loopback-in-container'
  | 'no-proxy-found'
  | 'tls-verification-off'
  | 'openclaw'
  | 'hooks-replaced'
  | 'preload-too-late'

/** Something about the configuration that is easily overlooked. */
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
  /** Node's own NODE_TLS_REJECT_UNAUTHORIZED, which counts for the process whatever `env` is. */
  readonly tlsRejectUnauthorized: string | undefined
  /** What the process-wide mode says of itself. Default: nothing. */
  readonly installation?: ProcessState
  /** What a bot connects to: a bypass list may take out some of them. */
  readonly targets: readonly Target[]
}

/** Settings that do not count, and settings that count although few expect it. Never shows a credential. */
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
    ...verificationOff(configuration),
    ...replacedHooks(configuration),
    ...latePreload(configuration),
  ]
}

const note = (code: NoteCode, words: Text): ConfigurationNote => ({ code, text: render(words) })

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim() ?? ''
  return value === '' ? undefined : value
}

function overriddenSources({ env, policy }: NotedConfiguration): ConfigurationNote[] {
  const { source } = policy ?? {}
  if (source === undefined || source === null) return []
  const winner = valueOf(env, source)
  const lower =
    source === 'config'
      ? PROXY_VARIABLES
      : PROXY_VARIABLES.slice(PROXY_VARIABLES.findIndex((name) => name === source) + 1)
  return lower.flatMap((name) => {
    const value = valueOf(env, name)
    if (value === undefined || value === winner) return []
    return note(
      'source-overridden',
      text('doctor.note.overridden', { name, url: redactUrl(value), source: sourceName(source) }),
    )
  })
}

function unusedHttpProxy({ env, policy }: NotedConfiguration): ConfigurationNote[] {
  const names = ['HTTP_PROXY', 'http_proxy'].filter((name) => valueOf(env, name) !== undefined)
  if (names.length === 0) return []
  const values = { names: names.join(' and ') }
  const words =
    policy?.proxy === null || policy === null
      ? text('doctor.note.http-proxy-alone', values)
      : text('doctor.note.http-proxy', values)
  return [note('http-proxy-unused', words)]
}

function casePairs({ env }: NotedConfiguration): ConfigurationNote[] {
  return ['HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((upper) => {
    const lower = upper.toLowerCase()
    const [first, second] = [valueOf(env, upper), valueOf(env, lower)]
    if (first === undefined || second === undefined || first === second) return []
    return note('case-pair-differs', text('doctor.note.case-pair', { upper, lower }))
  })
}

function bypassed({ policy, targets }: NotedConfiguration): ConfigurationNote[] {
  if (policy?.source === undefined || policy.source === null) return []
  const reasonOf = ({ host, port }: Target): string | null => {
    const { route, reason } = policy.decide(host, port)
    return route === 'direct' ? reason : null
  }
  return hostsBy(targets, reasonOf).map(([reason, hosts]) =>
    note('no-proxy-matches', text('doctor.note.bypassed', { hosts, reason })),
  )
}

function unreadableEntries({ policy }: NotedConfiguration): ConfigurationNote[] {
  const entries = policy?.ignoredNoProxy ?? []
  if (entries.length === 0) return []
  return [note('no-proxy-unreadable', text('doctor.note.unreadable', { entries: entries.join(', ') }))]
}

function uncountedBypass({ env, policy, noProxy, targets }: NotedConfiguration): ConfigurationNote[] {
  const { source = null } = policy ?? {}
  const name = NO_PROXY_VARIABLES.find((variable) => valueOf(env, variable) !== undefined)
  if (source === null || name === undefined) return []
  if (takesNoProxyVariable(source) && noProxy === 'env') return []
  const rules = parseNoProxy(env[name] ?? '')
  const why =
    noProxy === 'env'
      ? say('doctor.note.why-source', { source: sourceName(source) })
      : say('doctor.note.why-option')
  return hostsBy(targets, ({ host, port }) => rules.match(host, port)).map(([entry, hosts]) =>
    note(
      'no-proxy-not-counted',
      text('doctor.note.uncounted', { name, entry: sanitizeForeignText(entry), hosts, why }),
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
  return [note('loopback-in-container', text('doctor.note.loopback', { host: proxy.host }))]
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost')
}

function nothingFound({ policy }: NotedConfiguration): ConfigurationNote[] {
  if (policy?.proxy !== null) return []
  const reason = policy.decide('discord.com', 443).reason
  return [note('no-proxy-found', text('doctor.note.direct', { reason }))]
}

/** https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue: '0' and nothing else. */
function verificationOff({ tlsRejectUnauthorized }: NotedConfiguration): ConfigurationNote[] {
  if (tlsRejectUnauthorized !== '0') return []
  return [note('tls-verification-off', text('doctor.note.verification-off'))]
}

function replacedHooks({ installation }: NotedConfiguration): ConfigurationNote[] {
  const { replacedHooks: hooks = [] } = installation ?? {}
  return hooks.length === 0
    ? []
    : [note('hooks-replaced', text('doctor.note.hooks', { hooks: hooks.join(', ') }))]
}

function latePreload({ installation, env }: NotedConfiguration): ConfigurationNote[] {
  const variable = decidingVariable(env)
  if (installation?.directPreload !== true || variable === undefined) return []
  return [note('preload-too-late', text('doctor.note.late-preload', { variable }))]
}
