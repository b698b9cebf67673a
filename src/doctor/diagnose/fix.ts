import { urlHost, type ProxyEndpoint, type ResolvedOptions, type RoutePolicy } from '../../config/index.js'
import { render, say, text, type Audience, type Text } from '../../messages/index.js'
import { isUnknownIssuer } from '../../tunnel/index.js'
import type { SeenCertificate } from './certificate.js'
import type { HopFailure } from './hop-log.js'
import { probePort, type SpokenScheme } from './port-probe.js'

/** A change of configuration that would help. */
export interface Fix {
  /** The option of `createDiscordTransport`, and of the command. */
  readonly option: 'proxy' | 'proxyTls.caFile' | 'tls.caFile'
  readonly flag: '--proxy-url' | '--proxy-ca-file' | '--tls-ca-file'
  /** The value to give, credentials as `***` or as `USER:PASSWORD`; null where only its author has it. */
  readonly value: string | null
  readonly text: string
}

/** What a failed route is searched with. */
export interface FailedRoute {
  readonly policy: RoutePolicy
  readonly options: ResolvedOptions
  readonly failure: HopFailure
  readonly cause: unknown
  readonly certificate: SeenCertificate | undefined
  readonly target: { readonly host: string; readonly port: number }
  readonly audience: Audience
  /** Ends the search. */
  readonly limit: AbortSignal
}

/** A fix whose text is not written yet. */
type FoundFix = Omit<Fix, 'text'> & { readonly text: Text }

/** Looks for a change that would make the route work; null where none is known. */
export async function findFix(failed: FailedRoute): Promise<Fix | null> {
  const found = await searchFix(failed)
  return found === null ? null : { ...found, text: render(found.text, failed.audience) }
}

async function searchFix(failed: FailedRoute): Promise<FoundFix | null> {
  const { policy, failure } = failed
  if (isUnknownIssuer(failed.cause)) return trustFix(failed)
  if (policy.proxy?.kind !== 'tunnel') return null
  if (failure.code === 'ERR_PROXY_AUTH') return credentialsFix(policy.proxy, failed.options)
  return isDoubtful(failure) ? schemeFix(policy.proxy, failed) : null
}

/** Failures that a wrong scheme can cause. */
function isDoubtful({ code, phase }: HopFailure): boolean {
  if (phase === 'proxy-connect') return code === 'ERR_PROXY_UNREACHABLE'
  if (phase !== 'tunnel' && phase !== 'proxy-tls' && phase !== 'proxy-auth') return false
  return /^ERR_PROXY_(?:PROTOCOL|TIMEOUT|TLS|UNREACHABLE)$/.test(code)
}

async function schemeFix(proxy: ProxyEndpoint, { target, limit }: FailedRoute): Promise<FoundFix | null> {
  const { speaks, other } = await probePort(proxy, target, limit)
  const [first] = speaks
  if (first === undefined) return other === null ? null : urlFix(null, text(OTHER_SERVERS[other]))
  // It speaks what the URL says: then the scheme is not what is wrong.
  if (speaks.some((scheme) => isSame(scheme, proxy.protocol))) return null
  const value = `${first}://${credentialsMask(proxy, first)}${urlHost(proxy.host)}:${proxy.port}`
  const names = speaks.map((scheme) => SPOKEN[scheme]).join(' and ')
  return urlFix(value, text('doctor.fix.scheme', { names, written: `${proxy.protocol}://`, value }))
}

function urlFix(value: string | null, words: Text): FoundFix {
  return { option: 'proxy', flag: '--proxy-url', value, text: words }
}

const OTHER_SERVERS = { ssh: 'doctor.fix.ssh', 'web server': 'doctor.fix.web-server' } as const

const SPOKEN: Record<SpokenScheme, string> = {
  http: 'HTTP',
  https: 'HTTP over TLS',
  socks5: 'SOCKS5',
  socks4a: 'SOCKS4',
}

function isSame(scheme: SpokenScheme, protocol: ProxyEndpoint['protocol']): boolean {
  if (protocol === 'socks' || protocol === 'socks5h') return scheme === 'socks5'
  return scheme === (protocol === 'socks4' ? 'socks4a' : protocol)
}

/** SOCKS4 has no password. */
function credentialsMask({ credentials }: ProxyEndpoint, scheme: SpokenScheme): string {
  if (credentials === undefined) return ''
  return credentials.password === '' || scheme === 'socks4a' ? '***@' : '***:***@'
}

function credentialsFix(proxy: ProxyEndpoint, { proxyAuthorization }: ResolvedOptions): FoundFix | null {
  if (proxy.credentials !== undefined || proxyAuthorization !== undefined) return null
  const user = proxy.protocol.startsWith('socks4') ? 'USER' : 'USER:PASSWORD'
  const value = `${proxy.protocol}://${user}@${urlHost(proxy.host)}:${proxy.port}`
  return urlFix(value, text('doctor.fix.credentials', { value }))
}

function trustFix({ failure, certificate }: FailedRoute): FoundFix {
  const issuer = certificate === undefined ? say('doctor.fix.unknown-issuer') : `"${certificate.issuer}"`
  return failure.phase === 'proxy-tls'
    ? fileFix('proxyTls.caFile', '--proxy-ca-file', text('doctor.fix.proxy-ca', { issuer }))
    : fileFix('tls.caFile', '--tls-ca-file', text('doctor.fix.tls-ca', { issuer }))
}

function fileFix(option: Fix['option'], flag: Fix['flag'], words: Text): FoundFix {
  return { option, flag, value: null, text: words }
}
