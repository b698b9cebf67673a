import type { TransportError } from '../../errors.js'

/**
 * What the proxy's answer to a tunnel request says about the destination.
 *
 * - `refused`: the proxy's own rules forbid the destination.
 * - `address-type`: the proxy does not connect to addresses of this kind.
 * - `unreachable`: the system of the proxy has no way to the destination, or does not allow one.
 * - `no-address`: the proxy found no address for the name, or has no way for requests to it.
 * - `connected`: a packet reached the destination, which refused the connection.
 * - `unclear`: everything else, silence included.
 */
export type ProxyReply = 'refused' | 'address-type' | 'unreachable' | 'no-address' | 'connected' | 'unclear'

/** RFC 1928 §6. Reply 1 (general failure) says nothing about the destination. */
const SOCKS5_REPLIES: Readonly<Partial<Record<string, ProxyReply>>> = {
  3: 'unreachable',
  4: 'unreachable',
  5: 'connected',
  8: 'address-type',
}

/**
 * The `errno` that Squid puts into `X-Squid-Error: ERR_CONNECT_FAIL 113`, with the numbers of Linux: EPERM,
 * EACCES, EINVAL (no way to such an address), EAFNOSUPPORT, EADDRNOTAVAIL, ENETUNREACH, ECONNREFUSED and
 * EHOSTUNREACH.
 */
const SQUID_ERRORS: Readonly<Partial<Record<string, ProxyReply>>> = {
  1: 'unreachable',
  13: 'unreachable',
  22: 'unreachable',
  97: 'unreachable',
  99: 'unreachable',
  101: 'unreachable',
  111: 'connected',
  113: 'unreachable',
}

/** @param protocol of the proxy's URL */
export function proxyReplyOf(error: TransportError, protocol: string): ProxyReply {
  if (isDenial(error, protocol)) return 'refused'
  const { message } = error
  const reply = /\(SOCKS5 reply (\d+)\)/.exec(message)?.[1]
  if (reply !== undefined) return SOCKS5_REPLIES[reply] ?? 'unclear'
  const [, kind, errno = ''] = /\bERR_(CONNECT_FAIL|DNS_FAIL|CANNOT_FORWARD)\b ?(\d*)/.exec(message) ?? []
  if (kind === undefined) return 'unclear'
  return kind === 'CONNECT_FAIL' ? (SQUID_ERRORS[errno] ?? 'unclear') : 'no-address'
}

/**
 * Only an explicit refusal counts. SOCKS4 has one reply for "not allowed" and "failed", and a 429 limits how
 * often a client may ask, not where it may go.
 */
export function isDenial({ code, retryable }: TransportError, protocol: string): boolean {
  return code === 'ERR_PROXY_DENIED' && !retryable && protocol !== 'socks4' && protocol !== 'socks4a'
}
