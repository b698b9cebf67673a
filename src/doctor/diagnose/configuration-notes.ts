import { isIP } from 'node:net'
import {
  parseNoProxy,
  redactUrl,
  sanitizeForeignText,
  sourceName,
  takesNoProxyVariable,
  type Environment,
  type ProxySource,
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
  return [variableNotes, bypassNotes, processNotes].flatMap((notesOf) => [...notesOf(configuration)])
}

type Notes = Generator<ConfigurationNote, void>

const note = (code: NoteCode, words: Text): ConfigurationNote => ({ code, text: render(words) })

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim() ?? ''
  return value === '' ? undefined : value
}

/** Of the variables that name a proxy. */
function* variableNotes({ env, policy }: NotedConfiguration): Notes {
  const { source = null, proxy = null } = policy ?? {}
  for (const name of source === null ? [] : below(source)) {
    const url = valueOf(env, name)
    if (source === null || url === undefined || url === valueOf(env, source)) continue
    const values = { name, url: redactUrl(url), source: sourceName(source) }
    yield note('source-overridden', text('doctor.note.overridden', values))
  }
  const unused = ['HTTP_PROXY', 'http_proxy'].filter((name) => valueOf(env, name) !== undefined)
  const alone = proxy === null ? '-alone' : ''
  if (unused.length > 0)
    yield note('http-proxy-unused', text(`doctor.note.http-proxy${alone}`, { names: unused.join(' and ') }))
  for (const upper of ['HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']) {
    const lower = upper.toLowerCase()
    const [first, second] = [valueOf(env, upper), valueOf(env, lower)]
    if (first !== undefined && second !== undefined && first !== second)
      yield note('case-pair-differs', text('doctor.note.case-pair', { upper, lower }))
  }
}

/** The variables that would count if this source were not set. */
function below(source: ProxySource): readonly (typeof PROXY_VARIABLES)[number][] {
  return PROXY_VARIABLES.slice(
    source === 'config' ? 0 : PROXY_VARIABLES.findIndex((name) => name === source) + 1,
  )
}

/** Of the bypass list: what it takes out, and what it would take out if it counted. */
function* bypassNotes({ env, policy, noProxy, targets }: NotedConfiguration): Notes {
  const { source = null, ignoredNoProxy = [] } = policy ?? {}
  const reasonOf = ({ host, port }: Target): string | null => {
    const { route = 'proxy', reason = null } = policy?.decide(host, port) ?? {}
    return route === 'direct' ? reason : null
  }
  for (const [reason, hosts] of source === null ? [] : hostsBy(targets, reasonOf))
    yield note('no-proxy-matches', text('doctor.note.bypassed', { hosts, reason }))
  if (ignoredNoProxy.length > 0)
    yield note('no-proxy-unreadable', text('doctor.note.unreadable', { entries: ignoredNoProxy.join(', ') }))
  const name = NO_PROXY_VARIABLES.find((variable) => valueOf(env, variable) !== undefined)
  if (source === null || name === undefined || (takesNoProxyVariable(source) && noProxy === 'env')) return
  const rules = parseNoProxy(env[name] ?? '')
  const why =
    noProxy === 'env'
      ? say('doctor.note.why-source', { source: sourceName(source) })
      : say('doctor.note.why-option')
  for (const [matched, hosts] of hostsBy(targets, ({ host, port }) => rules.match(host, port))) {
    const entry = sanitizeForeignText(matched)
    yield note('no-proxy-not-counted', text('doctor.note.uncounted', { name, entry, hosts, why }))
  }
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

/** Of the process, and of the proxy as it is seen from there. */
function* processNotes(configuration: NotedConfiguration): Notes {
  const { env, policy, inContainer, tlsRejectUnauthorized, installation } = configuration
  const host = policy?.proxy?.host
  if (inContainer && host !== undefined && isLoopback(host))
    yield note('loopback-in-container', text('doctor.note.loopback', { host }))
  if (policy?.proxy === null) {
    const { reason } = policy.decide('discord.com', 443)
    yield note('no-proxy-found', text('doctor.note.direct', { reason }))
  }
  // https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue: '0' and nothing else.
  if (tlsRejectUnauthorized === '0') yield note('tls-verification-off', text('doctor.note.verification-off'))
  const { replacedHooks = [], directPreload = false } = installation ?? {}
  if (replacedHooks.length > 0)
    yield note('hooks-replaced', text('doctor.note.hooks', { hooks: replacedHooks.join(', ') }))
  const variable = decidingVariable(env)
  if (directPreload && variable !== undefined)
    yield note('preload-too-late', text('doctor.note.late-preload', { variable }))
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost')
}
