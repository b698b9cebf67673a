import type { Hop } from './failures.js'

/** Enough of what a proxy says first to tell its protocol, and to read any SOCKS answer (at most 266 bytes). */
const KEPT_BYTES = 512

/**
 * An answer to CONNECT or a SOCKS step is a few hundred bytes; certificates and chatty headers stay far
 * below this. Beyond it somebody is feeding us.
 */
export const MAX_ANSWER_BYTES = 64 * 1024

/** What a proxy has said so far while a tunnel is being opened. */
export class Heard {
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

/** Which scheme to try for what was heard, other than the one that the proxy's URL has. */
export function schemeHint(speaks: Heard['speaks'], { proxy }: Pick<Hop, 'proxy'>): string {
  const written = proxy?.split(':', 1)[0] ?? ''
  switch (speaks) {
    case 'http':
      return written === 'http' || written === 'https'
        ? 'It speaks HTTP, but not as a proxy does: check the port of the proxy URL.'
        : 'It seems to speak HTTP: write http:// in the proxy URL.'
    case 'socks5':
      return 'It seems to speak SOCKS5: write socks5:// in the proxy URL.'
    case 'socks4':
      return 'It seems to speak SOCKS: write socks5:// or socks4a:// in the proxy URL.'
    case 'tls':
      return 'It seems to speak TLS: write https:// in the proxy URL.'
    case 'ssh':
      return 'It is an SSH server: point the proxy URL at the port of its dynamic forwarding (ssh -D) and write socks5://.'
    case 'nothing': {
      const others = SCHEMES_TO_TRY.filter((scheme) => !sameFamily(scheme, written))
      return `It closed the connection without a word: the scheme may be wrong (try ${others.map((scheme) => `${scheme}://`).join(' or ')}), or it may refuse this client.`
    }
    case 'unknown':
      return 'Check the port and the scheme of the proxy URL.'
  }
}

const SCHEMES_TO_TRY = ['http', 'https', 'socks5', 'socks4a'] as const

function sameFamily(scheme: string, written: string): boolean {
  const family = (name: string): string =>
    name.startsWith('socks4') ? 'socks4' : name.replace(/^socks5?h?$/, 'socks5')
  return family(scheme) === family(written)
}
