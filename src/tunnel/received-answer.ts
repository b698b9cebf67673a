import type { TransportError } from '../errors.js'
import { text, type Text } from '../messages/index.js'
import { failure, fault, type Via } from './fault.js'

/** Enough of the first bytes to recognize a protocol, and to read any SOCKS answer (at most 266 bytes). */
const KEPT_BYTES = 512

/**
 * An answer to CONNECT or to a SOCKS step has a few hundred bytes, and the certificates of an https:// proxy a few
 * thousand. A larger answer is an attempt to fill the memory.
 */
export const MAX_ANSWER_BYTES = 64 * 1024

/** What a proxy has sent so far while a tunnel is being opened. */
export class ReceivedAnswer {
  #first: Buffer = Buffer.alloc(0)
  bytes = 0

  add(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.#first.length < KEPT_BYTES)
      this.#first = Buffer.concat([this.#first, chunk]).subarray(0, KEPT_BYTES)
  }

  get first(): Buffer {
    return this.#first
  }

  get tooMuch(): boolean {
    return this.bytes > MAX_ANSWER_BYTES
  }

  /** The protocol that these bytes look like. */
  get speaks(): 'http' | 'socks5' | 'socks4' | 'tls' | 'ssh' | 'nothing' | 'unknown' {
    const [first, second] = this.#first
    if (first === undefined) return 'nothing'
    const text = this.#first.toString('latin1')
    if (text.startsWith('HTTP/')) return 'http'
    if (text.startsWith('SSH-')) return 'ssh'
    // RFC 1928 §3 and §6: version 5, then a method or a reply.
    if (first === 5 && (second === undefined || second <= 8 || second === 0xff)) return 'socks5'
    // SOCKS4: reply version 0, then 90 to 93.
    if (first === 0 && second !== undefined && second >= 90 && second <= 93) return 'socks4'
    // RFC 8446 §5.1: a handshake or alert record of any TLS version.
    if ((first === 0x15 || first === 0x16) && second === 3) return 'tls'
    return 'unknown'
  }
}

/** The scheme to write in the proxy's URL in place of the present one, by what the proxy spoke. */
export function schemeHint(speaks: ReceivedAnswer['speaks'], { proxy }: Pick<Via, 'proxy'>): Text {
  const written = proxy?.split(':', 1)[0] ?? ''
  if (speaks === 'nothing') {
    const others = SCHEMES_TO_TRY.filter((scheme) => !sameFamily(scheme, written))
    return text('route.scheme.nothing.hint', { others: others.map((scheme) => `${scheme}://`).join(' or ') })
  }
  if (speaks === 'http' && (written === 'http' || written === 'https'))
    return text('route.scheme.no-proxy.hint')
  return text(`route.scheme.${speaks}.hint`)
}

const SCHEMES_TO_TRY = ['http', 'https', 'socks5', 'socks4a'] as const

function sameFamily(scheme: string, written: string): boolean {
  const family = (name: string): string =>
    name.startsWith('socks4') ? 'socks4' : name.replace(/^socks5?h?$/, 'socks5')
  return family(scheme) === family(written)
}

const TOO_LONG = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.answer.too-long', 'route.scheme.unknown.hint')
const NONE = {
  ...fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.answer.none', 'route.scheme.unknown.hint'),
  retryable: true,
}
const CUT_SHORT = { ...fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.answer.cut'), retryable: true }
const NOT_HTTP = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.answer.not-http', 'route.scheme.unknown.hint')

/** The answer is longer than {@link MAX_ANSWER_BYTES}. */
export function tooLong({ speaks }: ReceivedAnswer, via: Via): TransportError {
  const kibibytes = MAX_ANSWER_BYTES / 1024
  return failure(TOO_LONG, via, { kibibytes }, { hint: schemeHint(speaks, via) })
}

/** The proxy closed the connection before its answer was complete. */
export function cutShort({ bytes }: ReceivedAnswer, via: Via): TransportError {
  return bytes > 0
    ? failure(CUT_SHORT, via, {})
    : failure(NONE, via, {}, { hint: schemeHint('nothing', via) })
}

/** The answer is not one of an HTTP proxy. */
export function notHttp(speaks: ReceivedAnswer['speaks'], via: Via): TransportError {
  return failure(NOT_HTTP, via, {}, { hint: schemeHint(speaks, via) })
}
