import { isDiscordHost } from '../discord/hosts.js'
import { systemCode } from '../errors.js'
import { text, type Text } from '../messages/index.js'

/** What a TLS failure means, by the code of OpenSSL or Node. */
const MEANINGS = new Map<string, Meaning>([
  // An authority that this host does not know signed the certificate.
  ['SELF_SIGNED_CERT_IN_CHAIN', 'issuer'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'issuer'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'issuer'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'name'],
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'expired'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls'],
  ['EPROTO', 'not-tls'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'not-tls'],
])

type Meaning = 'issuer' | 'name' | 'expired' | 'not-tls' | 'client' | 'broken'

function meaningOf(error: unknown): Meaning {
  const code = systemCode(error) ?? ''
  return MEANINGS.get(code) ?? (/ALERT|CERTIFICATE_REQUIRED|BAD_CERTIFICATE/.test(code) ? 'client' : 'broken')
}

/** Whether it is a code of TLS whose meaning is known. */
export function isKnownTlsCode(code: string): boolean {
  return MEANINGS.has(code)
}

export function isUnknownIssuer(error: unknown): boolean {
  return meaningOf(error) === 'issuer'
}

/** What to try when TLS to a proxy failed. */
export function proxyTlsHint(error: Error): Text {
  return text(`route.tls.proxy.${meaningOf(error)}.hint`)
}

/**
 * What to try when TLS to a destination failed. A certificate of another name for a host of Discord's is never
 * explained away: with `tls.servername` the token would go to the server that showed it.
 *
 * @param target `host:port`
 */
export function targetTlsHint(error: Error, target: string): Text {
  const meaning = meaningOf(error)
  const ofDiscord = isDiscordHost(target.replace(/:\d+$/, ''))
  return ofDiscord && (meaning === 'name' || meaning === 'expired')
    ? text(`route.tls.discord.${meaning}.hint`)
    : text(`route.tls.target.${meaning}.hint`)
}
