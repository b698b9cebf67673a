import type { TransportError } from '../../errors.js'
import { stepFailure } from '../failures.js'
import { failure, fault, hasRow, type Via } from '../fault.js'
import { cutShort, schemeHint, tooLong, type ReceivedAnswer } from '../received-answer.js'

/** A failed handshake: the bytes that the proxy sent, and what they do not tell. */
export interface SocksFailure {
  readonly version: 4 | 5
  readonly received: ReceivedAnswer
  readonly via: Via
  readonly hasCredentials: boolean
  /** The socket's own error, if it had one. */
  readonly cause: Error | undefined
}

/**
 * The failure of a SOCKS handshake, by what the proxy sent. The errors of the SOCKS client are not used: they name the
 * reply but not its step, and they carry the options with the credentials.
 */
export function socksRefusal(failed: SocksFailure): TransportError {
  const { received, via, cause } = failed
  if (received.tooMuch) return tooLong(received, via)
  const spoken = failed.version === 5 ? socks5Refusal(failed) : socks4Refusal(failed)
  if (spoken !== undefined) return spoken
  if (cause !== undefined) return stepFailure(cause, 'tunnel', via)
  return cutShort(received, via)
}

const WANTED = fault('ERR_PROXY_AUTH', 'proxy-auth', 'route.auth.wanted', 'route.auth.wanted.socks.hint')
const NO_METHOD = fault('ERR_PROXY_AUTH', 'proxy-auth', 'route.auth.no-method')
const REFUSED = fault('ERR_PROXY_AUTH', 'proxy-auth', 'route.auth.refused')
const VERSION = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.socks.version', 'route.scheme.unknown.hint')

/** RFC 1928 §3 (method reply), RFC 1929 §2 (its status), RFC 1928 §6 (reply), in this order. */
function socks5Refusal({ received, via, hasCredentials }: SocksFailure): TransportError | undefined {
  const [version, method, authVersion, status] = received.first
  if (version === undefined) return undefined
  if (version !== 5) return wrongVersion(received, via)
  if (method === undefined) return undefined
  if ((method !== 0 && method !== 2) || (method === 2 && !hasCredentials))
    return failure(hasCredentials ? NO_METHOD : WANTED, via, { answer: `SOCKS5 method ${method}` })
  if (method === 2 && status === undefined) return undefined
  if (method === 2 && authVersion !== 1) return wrongVersion(received, via)
  if (method === 2 && status !== 0) return failure(REFUSED, via, { answer: `SOCKS5 status ${status ?? ''}` })
  const [replyVersion, reply] = received.first.subarray(method === 2 ? 4 : 2)
  if (replyVersion === undefined) return undefined
  if (replyVersion !== 5) return wrongVersion(received, via)
  if (reply === undefined || reply === 0) return undefined
  return failure(hasRow(SOCKS5_REPLIES, reply) ? SOCKS5_REPLIES[reply] : UNKNOWN_SOCKS5, via, { reply })
}

/** RFC 1928 §6. */
const SOCKS5_REPLIES = {
  1: fault('ERR_TARGET_UNREACHABLE', 'tunnel', 'route.socks5.general', 'route.way-out.hint'),
  2: fault('ERR_PROXY_DENIED', 'tunnel', 'route.socks5.denied'),
  3: fault('ERR_TARGET_UNREACHABLE', 'tunnel', 'route.socks5.network', 'route.way-out.hint'),
  4: fault('ERR_TARGET_UNREACHABLE', 'tunnel', 'route.socks5.host', 'route.way-out.hint'),
  5: fault('ERR_TARGET_UNREACHABLE', 'tunnel', 'route.socks5.refused', 'route.way-out.hint'),
  6: fault('ERR_TARGET_UNREACHABLE', 'tunnel', 'route.socks5.ttl', 'route.way-out.hint'),
  7: fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.socks5.command'),
  8: fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.socks5.address'),
} as const
const UNKNOWN_SOCKS5 = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.socks5.unknown')

/** Of the SOCKS4 protocol memo; 90 grants the tunnel. */
const SOCKS4_REPLIES = {
  // It does not tell a refusal from a failure, so another try can succeed.
  91: { ...fault('ERR_PROXY_DENIED', 'tunnel', 'route.socks4.rejected'), retryable: true },
  92: fault('ERR_PROXY_AUTH', 'proxy-auth', 'route.socks4.identd'),
  93: fault('ERR_PROXY_AUTH', 'proxy-auth', 'route.socks4.identd'),
} as const
const UNKNOWN_SOCKS4 = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.socks4.unknown')

/** A reply of SOCKS4 has version 0. */
function socks4Refusal({ received, via }: SocksFailure): TransportError | undefined {
  const [version, reply] = received.first
  if (version === undefined) return undefined
  if (version !== 0) return wrongVersion(received, via)
  if (reply === undefined || reply === 90) return undefined
  return failure(hasRow(SOCKS4_REPLIES, reply) ? SOCKS4_REPLIES[reply] : UNKNOWN_SOCKS4, via, { reply })
}

function wrongVersion(received: ReceivedAnswer, via: Via): TransportError {
  // The first byte can be right and a later version wrong. Another scheme does not help then.
  const speaks = received.speaks === 'socks5' ? 'unknown' : received.speaks
  return failure(VERSION, via, {}, { hint: schemeHint(speaks, via) })
}

/** The bytes of a complete answer that grants the tunnel. What follows them belongs to the tunnel. */
export function socksAnswerLength({ first }: ReceivedAnswer, version: 4 | 5): number {
  if (version === 4) return 8
  const start = first[1] === 2 ? 4 : 2
  const addressLength = ADDRESS_LENGTHS[first[start + 3] ?? 0] ?? 1 + (first[start + 4] ?? 0)
  return start + 4 + addressLength + 2
}

/** RFC 1928 §5: IPv4 and IPv6; a name (type 3) carries its own length. */
const ADDRESS_LENGTHS: Readonly<Partial<Record<number, number>>> = { 1: 4, 4: 16 }
