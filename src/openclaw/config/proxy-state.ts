import { redactUrl, type ProxySource } from '../../config/index.js'
import { TransportError } from '../../errors.js'
import type { TransportOptions } from '../../index.js'
import { discordProxy, managedProxy } from './proxy-choice.js'
import {
  openConfig,
  readSettings,
  type OpenClawOptions,
  type OpenClawReading,
  type OpenedConfig,
} from './reading.js'

/** `openclaw proxy validate` calls a source by one of these words. */
export type OpenClawValidationSource = 'override' | 'config' | 'env' | 'missing' | 'disabled'

/** Which proxy is validated; what is absent is left out, as OpenClaw does. */
export interface OpenClawProxyState {
  readonly enabled: boolean
  /** Redacted. */
  readonly proxyUrl?: string | undefined
  readonly proxyCaFile?: string | undefined
  readonly source: OpenClawValidationSource
  /** Why there is nothing to validate. */
  readonly errors: readonly string[]
}

// OpenClaw's own words, for programs that look for them.
const DISABLED = 'proxy validation is disabled by proxy.enabled=false'
const MISSING = 'proxy validation requires proxy.proxyUrl, --proxy-url, or OPENCLAW_PROXY_URL'
const NOTHING = 'proxy validation requires proxy.proxyUrl, OPENCLAW_PROXY_URL, or --proxy-url'

export interface OpenClawProxyAnswer {
  readonly state: OpenClawProxyState
  /** Undefined where there is nothing to validate. */
  readonly reading: OpenClawReading | undefined
  /** The setting that cannot be used; the state holds its message. */
  readonly failure?: TransportError
}

/**
 * The proxy that would be validated. A setting that cannot be used is an answer too.
 *
 * @param own the options of the transport
 * @param override the proxy of the command line
 * @throws TransportError ERR_INVALID_OPTIONS for a configuration that cannot be read
 */
export async function openClawProxyState(
  asked: Pick<OpenClawOptions, 'account' | 'path'>,
  own: TransportOptions,
  override: TransportOptions['proxy'],
): Promise<OpenClawProxyAnswer> {
  const opened = await openConfig({ ...asked, env: own.env })
  const isOverridden = override !== undefined
  /** The authority of an https:// proxy: of the command line, or of the configuration for a proxy that stands there too. */
  const caFileOf = (url: string | undefined): string | undefined => {
    if (url?.startsWith('https:') !== true) return undefined
    const configured = (): string | undefined => opened.config.text(['proxy', 'tls', 'caFile'])
    return own.proxyTls?.caFile ?? (isOverridden ? undefined : readable(configured))
  }
  try {
    const refused = isOverridden ? undefined : withoutProxy(opened)
    if (refused !== undefined) return { state: refused, reading: undefined }
    const reading = readSettings(opened, own, { override, ignoreCaFile: isOverridden })
    const { proxy } = reading
    if (proxy === null) return { state: NO_PROXY, reading: undefined }
    const source = isOverridden ? 'override' : wordFor(proxy.source)
    const proxyCaFile = caFileOf(proxy.url)
    return { state: { enabled: true, proxyUrl: proxy.url, proxyCaFile, source, errors: [] }, reading }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    const { source, url } = candidateOf(opened, override)
    const shown = { proxyUrl: url && redactUrl(url), proxyCaFile: caFileOf(url) }
    const state = { enabled: true, ...shown, source, errors: [error.message] }
    return { state, reading: undefined, failure: error }
  }
}

const NO_PROXY: OpenClawProxyState = { enabled: false, source: 'disabled', errors: [NOTHING] }

/** The operator's switch is off, or on without a URL. */
function withoutProxy({ config, account }: OpenedConfig): OpenClawProxyState | undefined {
  const enabled = config.flag(['proxy', 'enabled'])
  const managed = managedProxy(config)
  if (enabled === true && managed === undefined) return { enabled, source: 'missing', errors: [MISSING] }
  if (enabled !== false || discordProxy(config, account) !== undefined) return undefined
  if (managed === undefined) return NO_PROXY
  const url = readable(managed.read)
  return { enabled, proxyUrl: url && redactUrl(url), source: wordFor(managed.source), errors: [DISABLED] }
}

/** What decides, although it cannot be used. */
function candidateOf(
  { config, account }: OpenedConfig,
  override: TransportOptions['proxy'],
): { readonly source: OpenClawValidationSource; readonly url: string | undefined } {
  if (override !== undefined)
    return { source: 'override', url: typeof override === 'string' ? override : undefined }
  const candidate = discordProxy(config, account) ?? managedProxy(config)
  return { source: wordFor(candidate?.source), url: candidate && readable(candidate.read) }
}

function wordFor(source: ProxySource | undefined): 'config' | 'env' {
  return source === 'proxy.proxyUrl' || source?.startsWith('channels.') === true ? 'config' : 'env'
}

/** Undefined where the setting cannot be read: it holds a variable that is not set, or is no text. */
function readable(read: () => string | undefined): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
