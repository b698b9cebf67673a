import { isDiscordHost } from '../discord/hosts.js'
import { systemCode } from '../errors.js'
import { text, type Text } from '../messages/index.js'

/** Verification failures of OpenSSL that mean: an authority that this host does not know signed the certificate. */
const UNKNOWN_ISSUER: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'EPROTO',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
])

export function isUnknownIssuer(error: unknown): boolean {
  return UNKNOWN_ISSUER.has(systemCode(error) ?? '')
}

/** What to try when TLS to a proxy failed. */
export function proxyTlsHint(error: Error): Text {
  const code = systemCode(error) ?? ''
  if (isUnknownIssuer(error)) return text('route.tls.proxy.issuer.hint')
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return text('route.tls.proxy.name.hint')
  if (isOutsideValidity(code)) return text('route.tls.proxy.expired.hint')
  if (NOT_TLS.has(code)) return text('route.tls.proxy.not-tls.hint')
  if (wantsCertificate(code)) return text('route.tls.proxy.client.hint')
  return text('route.tls.proxy.broken.hint')
}

/**
 * What to try when TLS to a destination failed. A certificate of another name for a host of Discord's is never
 * explained away: with `tls.servername` the token would go to the server that showed it.
 *
 * @param target `host:port`
 */
export function targetTlsHint(error: Error, target: string): Text {
  const code = systemCode(error) ?? ''
  const ofDiscord = isDiscordHost(target.replace(/:\d+$/, ''))
  if (isUnknownIssuer(error)) return text('route.tls.target.issuer.hint')
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return ofDiscord ? text('route.tls.discord.name.hint') : text('route.tls.target.name.hint')
  if (isOutsideValidity(code))
    return ofDiscord ? text('route.tls.discord.expired.hint') : text('route.tls.target.expired.hint')
  if (NOT_TLS.has(code)) return text('route.tls.target.not-tls.hint')
  if (wantsCertificate(code)) return text('route.tls.target.client.hint')
  return text('route.tls.target.broken.hint')
}

function isOutsideValidity(code: string): boolean {
  return code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID'
}

function wantsCertificate(code: string): boolean {
  return /ALERT|CERTIFICATE_REQUIRED|BAD_CERTIFICATE/.test(code)
}
