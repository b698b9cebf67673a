import { urlHost, type ProxyEndpoint, type ResolvedOptions, type RoutePolicy } from '../../config/index.js'
import { systemCode } from '../../errors.js'
import { UNKNOWN_ISSUER } from '../../tunnel/index.js'
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
  /** Ends the search. */
  readonly limit: AbortSignal
}

/** Looks for what would make the route work; null where nobody can know. */
export async function findFix(failed: FailedRoute): Promise<Fix | null> {
  const { policy, failure } = failed
  if (isUnknownIssuer(failed.cause)) return trustFix(failed)
  if (policy.proxy?.kind !== 'tunnel') return null
  if (failure.code === 'ERR_PROXY_AUTH') return credentialsFix(policy.proxy, failed.options)
  return isDoubtful(failure) ? schemeFix(policy.proxy, failed) : null
}

/** Failures that a wrong scheme can cause. */
function isDoubtful({ code, phase }: HopFailure): boolean {
  if (phase !== 'tunnel' && phase !== 'proxy-tls' && phase !== 'proxy-auth' && phase !== 'proxy-connect')
    return false
  if (phase === 'proxy-connect' && code !== 'ERR_PROXY_UNREACHABLE') return false
  return (
    code === 'ERR_PROXY_PROTOCOL' ||
    code === 'ERR_PROXY_TIMEOUT' ||
    code === 'ERR_PROXY_TLS' ||
    code === 'ERR_PROXY_UNREACHABLE'
  )
}

async function schemeFix(proxy: ProxyEndpoint, { target, limit, failure }: FailedRoute): Promise<Fix | null> {
  const { speaks, other } = await probePort(proxy, target, limit)
  const [first] = speaks
  if (first === undefined) {
    if (other === null) return null
    return {
      option: 'proxy',
      flag: '--proxy-url',
      value: null,
      text:
        other === 'ssh'
          ? 'The port belongs to an SSH server: open a SOCKS port with ssh -D 1080 and use socks5://127.0.0.1:1080.'
          : 'The port belongs to a web server that is no proxy: look for the port of the proxy.',
    }
  }
  // It speaks what the URL says: then the scheme is not what is wrong.
  if (speaks.some((scheme) => isSame(scheme, proxy.protocol))) return null
  const value = `${first}://${credentialsMask(proxy, first)}${urlHost(proxy.host)}:${proxy.port}`
  const names = speaks.map((scheme) => SPOKEN[scheme]).join(' and ')
  const wrote = failure.code === 'ERR_PROXY_TLS' ? 'https://' : `${proxy.protocol}://`
  return {
    option: 'proxy',
    flag: '--proxy-url',
    value,
    text: `The port speaks ${names}, and the URL says ${wrote}. Use ${value}`,
  }
}

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

function credentialsFix(proxy: ProxyEndpoint, { proxyAuthorization }: ResolvedOptions): Fix | null {
  if (proxy.credentials !== undefined || proxyAuthorization !== undefined) return null
  const who = proxy.protocol.startsWith('socks4') ? 'USER' : 'USER:PASSWORD'
  const value = `${proxy.protocol}://${who}@${urlHost(proxy.host)}:${proxy.port}`
  return {
    option: 'proxy',
    flag: '--proxy-url',
    value,
    text: `Use ${value} with your own name and password, percent-encoded.`,
  }
}

function isUnknownIssuer(cause: unknown): boolean {
  return UNKNOWN_ISSUER.has(systemCode(cause) ?? '')
}

function trustFix({ failure, certificate }: FailedRoute): Fix {
  const issuer =
    certificate === undefined ? 'an authority that this host does not know' : `"${certificate.issuer}"`
  return failure.phase === 'proxy-tls'
    ? {
        option: 'proxyTls.caFile',
        flag: '--proxy-ca-file',
        value: null,
        text: `The certificate of the proxy is signed by ${issuer}. If that is whom you expect, give its certificate: --proxy-ca-file FILE (proxyTls.caFile).`,
      }
    : {
        option: 'tls.caFile',
        flag: '--tls-ca-file',
        value: null,
        text: `TLS is being inspected by ${issuer}. If that is your company, give its certificate: --tls-ca-file FILE (tls.caFile).`,
      }
}
