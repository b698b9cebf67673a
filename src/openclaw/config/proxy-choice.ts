import { parseProxyUrl, type Environment, type OpenClawSource, type Proxy } from '../../config/index.js'
import { configError } from '../../errors.js'
import { valueOf } from '../../config/variables.js'
import { say } from '../../messages/index.js'
import { placesOf, type Account } from './account.js'
import type { OpenClawConfig } from './openclaw-config.js'
import { nameOf, type Path } from './setting-error.js'

const PROXY_URL = ['proxy', 'proxyUrl'] as const
const VARIABLE = 'OPENCLAW_PROXY_URL'

/** What set the proxy. */
export type ConfiguredSource = OpenClawSource | typeof VARIABLE

/** A proxy that the configuration or the operator's variable sets. */
export interface ConfiguredProxy {
  readonly source: ConfiguredSource
  readonly url: string
  readonly proxy: Proxy
  /** Whether it is the operator's, for the whole process. */
  readonly managed: boolean
}

export interface ProxyChoice {
  /** Undefined: what the transport finds itself. */
  readonly chosen: ConfiguredProxy | undefined
  /** The variables for the transport: without the operator's where `proxy.enabled` is false. */
  readonly env: Environment
  readonly notes: readonly string[]
}

/** A setting that is there, before it is read: what does not decide may be unusable. */
interface Candidate {
  readonly source: ConfiguredSource
  readonly managed: boolean
  /** As it is written, for comparison only. */
  readonly written: unknown
  readonly read: () => string | undefined
}

/**
 * The account's proxy, the channel's, `proxy.proxyUrl`, `OPENCLAW_PROXY_URL`: the first that is set decides. With
 * `preferManaged` the last two come first.
 *
 * @throws TransportError ERR_PROXY_CONFIG for an unusable URL of the one that decides, and for `proxy.enabled: true`
 *   without a URL; ERR_INVALID_OPTIONS for a variable in it that is not set
 */
export function chooseProxy(config: OpenClawConfig, account: Account, preferManaged: boolean): ProxyChoice {
  const enabled = config.flag(['proxy', 'enabled'])
  const env = enabled === false ? { ...config.env, [VARIABLE]: undefined } : config.env
  const discord = discordProxy(config, account)
  const managed = enabled === false ? undefined : managedProxy(config)
  if (enabled === true && managed === undefined)
    throw configError('proxy.enabled', say('openclaw.enabled'), say('openclaw.enabled.hint'))
  const [first, second] = preferManaged ? [managed, discord] : [discord, managed]
  const winner = first ?? second
  const loser = first === undefined ? undefined : second
  if (winner === undefined) return { chosen: undefined, env, notes: [] }
  const url = winner.read() ?? ''
  const { source } = winner
  const chosen = { source, url, proxy: parseProxyUrl(url, source), managed: winner.managed }
  return { chosen, env, notes: [...bypassNotes(winner, loser), ...foreignNotes(chosen)] }
}

/** The account's, else the channel's; blank is unset. */
export function discordProxy(config: OpenClawConfig, account: Account): Candidate | undefined {
  const own = placesOf(account, 'proxy').find((path) => config.isSet(path))
  if (own === undefined) return undefined
  return fromFile(config, own, `channels.discord.${nameOf(own.slice(2))}`, false)
}

/** The operator's, whether `proxy.enabled` is false or not. */
export function managedProxy(config: OpenClawConfig): Candidate | undefined {
  if (config.isSet(PROXY_URL)) return fromFile(config, PROXY_URL, 'proxy.proxyUrl', true)
  const url = valueOf(config.env, VARIABLE)
  return url === undefined ? undefined : { source: VARIABLE, managed: true, written: url, read: () => url }
}

function fromFile(config: OpenClawConfig, path: Path, source: OpenClawSource, managed: boolean): Candidate {
  return { source, managed, written: config.value(path), read: () => config.text(path) }
}

function bypassNotes(winner: Candidate, loser: Candidate | undefined): readonly string[] {
  if (loser === undefined || winner.written === loser.written) return []
  const names = { winner: winner.source, loser: loser.source }
  return [winner.managed ? say('openclaw.note.managed-wins', names) : say('openclaw.note.bypassed', names)]
}

/** OpenClaw itself takes http:// and https:// alone. */
function foreignNotes({ source, proxy: { protocol }, managed }: ConfiguredProxy): readonly string[] {
  if (protocol === 'http' || protocol === 'https') return []
  const values = { name: source, protocol }
  return [managed ? say('openclaw.note.managed-scheme', values) : say('openclaw.note.scheme', values)]
}
