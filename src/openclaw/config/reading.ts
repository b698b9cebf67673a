import {
  describeProxy,
  parseOptions,
  resolveProxy,
  type ProxyDescription,
  type ProxySource,
  type RoutePolicy,
} from '../../config/index.js'
import { readCertificateFile } from '../../config/pem.js'
import { valueOf } from '../../config/variables.js'
import type { TransportOptions } from '../../index.js'
import { say } from '../../messages/index.js'
import { DEFAULT_ACCOUNT, pickAccount, placeOf, type Account } from './account.js'
import { refuseContainerLoopback } from './container.js'
import { readLimits, type DiscordLimits } from './discord-limits.js'
import { expandHome } from './location.js'
import { OpenClawConfig } from './openclaw-config.js'
import { chooseProxy, type ProxyChoice } from './proxy-choice.js'
import { readSecret } from './secret.js'

/** What is read, and from where. Every one may be left out. */
export interface OpenClawOptions extends TransportOptions {
  /** The Discord account. Default: `channels.discord.defaultAccount`, `default`, or the first. */
  readonly account?: string | undefined
  /** The configuration, already parsed. Default: the file. */
  readonly config?: object | undefined
  /**
   * The file; `~` is the home directory. Beside `config` it says where that came from, for `$include` and `.env`.
   * Default: the one that OpenClaw reads.
   */
  readonly path?: string | undefined
  /**
   * Whether the operator's proxy (`proxy.proxyUrl`, `OPENCLAW_PROXY_URL`) comes before that of the account and the
   * channel. Default: false.
   */
  readonly preferManaged?: boolean | undefined
  /**
   * Whether the bot runs in a container, where a proxy URL on loopback is refused. Default: whether
   * `OPENCLAW_CONTAINER` is set.
   */
  readonly container?: boolean | undefined
}

/** Options of `transport.install()` that fit the configuration. */
export interface OpenClawInstallOptions {
  /** The operator's proxy is for the whole process, any other for Discord. */
  readonly scope: 'discord' | 'all'
  /** `proxy.loopbackMode`: `gateway-only` is `'direct'`. */
  readonly loopback: 'direct' | 'proxy' | 'block'
  /** The operator's proxy is also for other programs that this process starts. */
  readonly environment: 'keep' | 'export'
}

/** What the configuration says, without the token. */
export interface OpenClawReading extends OpenedConfig {
  /** Whether neither the channel nor the account is switched off. */
  readonly enabled: boolean
  /** For `createDiscordTransport()`. */
  readonly transportOptions: TransportOptions
  /** Where the `proxy` of these options came from. */
  readonly proxySource: ProxySource
  /** The proxy of such a transport. */
  readonly proxy: ProxyDescription | null
  readonly installOptions: OpenClawInstallOptions
  readonly limits: DiscordLimits
  readonly applicationId: string | undefined
  readonly notes: readonly string[]
}

const LOOPBACK = { 'gateway-only': 'direct', proxy: 'proxy', block: 'block' } as const
const LOOPBACK_MODES = ['gateway-only', 'proxy', 'block'] as const

/**
 * Reads OpenClaw's configuration for one Discord account.
 *
 * @throws TransportError ERR_INVALID_OPTIONS or ERR_PROXY_CONFIG that names the setting and the fix
 */
export async function readOpenClaw(options: OpenClawOptions): Promise<OpenClawReading> {
  const { account, config, path, preferManaged, container, ...own } = options
  const opened = await openConfig({ account, config, path, env: own.env })
  return readSettings(opened, own, { preferManaged, container })
}

/** A configuration and one of its accounts. */
export interface OpenedConfig {
  readonly config: OpenClawConfig
  readonly account: Account
}

type Opening = Pick<OpenClawOptions, 'account' | 'config' | 'path' | 'env'>

export async function openConfig({ account, env = process.env, ...source }: Opening): Promise<OpenedConfig> {
  const config = await OpenClawConfig.read({ ...source, env })
  return { config, account: pickAccount(config, account) }
}

interface Preference extends Pick<OpenClawOptions, 'preferManaged' | 'container'> {
  /** The proxy, whatever the configuration says. */
  readonly override?: TransportOptions['proxy']
  /** Whether the configuration's authority of an https:// proxy is left out. Default: false. */
  readonly ignoreCaFile?: boolean
}

/** {@link readOpenClaw} of a configuration that has been opened. */
export function readSettings(
  { config, account }: OpenedConfig,
  own: TransportOptions,
  { preferManaged = false, container, override, ignoreCaFile = false }: Preference,
): OpenClawReading {
  const choice =
    override === undefined
      ? chooseProxy(config, account, preferManaged)
      : { chosen: undefined, env: config.env, notes: [] }
  const limits = readLimits(config, account)
  const proxySource = choice.chosen?.source ?? 'config'
  const plain = optionsFor(override === undefined ? own : { ...own, proxy: override }, choice, limits)
  const policy = resolveProxy(parseOptions(plain, proxySource))
  const proxy = describeProxy(policy)
  for (const listed of policy.proxies)
    refuseContainerLoopback(listed.proxy, policy.source ?? 'config', config.env, container)
  const isOn = [placeOf(config, account, 'enabled'), ['channels', 'discord', 'enabled']]
  return {
    config,
    account,
    enabled: isOn.every((place) => config.flag(place) !== false),
    transportOptions: ignoreCaFile ? plain : withProxyCertificates(config, plain, policy),
    proxySource,
    proxy,
    installOptions: installOptionsOf(config, choice),
    limits,
    applicationId: config.text(placeOf(config, account, 'applicationId')),
    notes: [...fileNotes(config), ...choice.notes, ...optionNotes(own, choice), ...limits.notes],
  }
}

/**
 * The account's token, without the `Bot ` that some write before it. An account with the key `token` never inherits
 * that of the channel, and `DISCORD_BOT_TOKEN` is for the account `default` alone.
 */
export async function readToken({ config, account }: OpenClawReading): Promise<string | undefined> {
  const place = placeOf(config, account, 'token')
  const inherits = place.length === 3
  const token = await readSecret(config, place)
  const variable =
    inherits && account.id === DEFAULT_ACCOUNT ? config.env['DISCORD_BOT_TOKEN']?.trim() : undefined
  const found = (token ?? variable ?? '').replace(/^Bot\s+/i, '')
  return found === '' ? undefined : found
}

function optionsFor(
  own: TransportOptions,
  { chosen, env }: ProxyChoice,
  limits: DiscordLimits,
): TransportOptions {
  const { delivery, maxFileBytes } = own
  const options: TransportOptions = {
    ...own,
    env,
    maxFileBytes: maxFileBytes ?? limits.maxFileBytes,
    delivery: deliveryOf(delivery, limits.delivery),
  }
  if (chosen === undefined) return options
  // The transport finds the variable itself.
  return { ...options, proxy: chosen.source === 'OPENCLAW_PROXY_URL' ? undefined : chosen.url }
}

/** The option comes before the configuration, limit by limit. */
function deliveryOf(
  option: TransportOptions['delivery'],
  configured: DiscordLimits['delivery'],
): TransportOptions['delivery'] {
  if (option === false || configured === undefined) return option
  return typeof option === 'object' ? { ...configured, ...option } : configured
}

/** `proxy.tls.caFile` is for an https:// proxy alone; without one it is not read. The option comes before it. */
function withProxyCertificates(
  config: OpenClawConfig,
  options: TransportOptions,
  { proxies }: RoutePolicy,
): TransportOptions {
  const { proxyTls } = options
  const isGiven = proxyTls?.ca !== undefined || proxyTls?.caFile !== undefined
  const isTls = proxies.some(({ proxy: { protocol } }) => /^(?:https|pac)/.test(protocol))
  if (isGiven || !isTls) return options
  const file = config.text(['proxy', 'tls', 'caFile']) ?? inherited(config, 'OPENCLAW_PROXY_CA_FILE')
  if (file === undefined) return options
  const caFile = expandHome(file, config.home)
  readCertificateFile(caFile, 'proxy.tls.caFile')
  return { ...options, proxyTls: { ...proxyTls, caFile } }
}

function installOptionsOf(config: OpenClawConfig, { chosen }: ProxyChoice): OpenClawInstallOptions {
  const place = ['proxy', 'loopbackMode']
  const set = config.choice(place, LOOPBACK_MODES)
  const mode = set ?? LOOPBACK_MODES.find((one) => one === inherited(config, 'OPENCLAW_PROXY_LOOPBACK_MODE'))
  const loopback = LOOPBACK[mode ?? 'gateway-only']
  const managed = chosen?.managed === true
  return { scope: managed ? 'all' : 'discord', loopback, environment: managed ? 'export' : 'keep' }
}

/** A program that OpenClaw has started knows the settings of its managed proxy by these variables. */
function inherited({ env }: OpenClawConfig, name: string): string | undefined {
  return env['OPENCLAW_PROXY_ACTIVE'] === '1' ? valueOf(env, name) : undefined
}

function fileNotes(config: OpenClawConfig): readonly string[] {
  const { missing, passedBy, ignoredVariables } = config
  return [
    ...(passedBy === null ? [] : [say('openclaw.note.profile', { directory: passedBy })]),
    ...(missing === null ? [] : [say('openclaw.note.no-file', { file: missing })]),
    ...(ignoredVariables.length === 0
      ? []
      : [say('openclaw.note.ignored-variable', { names: ignoredVariables.join(', ') })]),
  ]
}

function optionNotes({ proxy }: TransportOptions, { chosen }: ProxyChoice): readonly string[] {
  if (chosen === undefined || proxy === undefined) return []
  return [say('openclaw.note.option', { name: chosen.source })]
}
