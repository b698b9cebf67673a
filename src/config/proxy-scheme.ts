import { configError, unusable } from '../errors.js'
import { say } from '../messages/index.js'
import type { ProxyProtocol } from './types.js'

/** Every scheme, with the port that a URL without one means; 0 where the URL names no server. */
export const DEFAULT_PORTS: Readonly<Record<ProxyProtocol, number>> = {
  http: 80,
  https: 443,
  socks: 1080,
  socks4: 1080,
  socks4a: 1080,
  socks5: 1080,
  socks5h: 1080,
  'pac+http': 80,
  'pac+https': 443,
  'pac+file': 0,
  'pac+data': 0,
}

const SUPPORTED = Object.keys(DEFAULT_PORTS).join(', ')

/** Schemes that people try, with what to do instead. Only these are ever named: any other may be a secret. */
const FOREIGN = [
  { scheme: /^wss?$/, hint: 'config.scheme.ws.hint' },
  { scheme: /^ftp$/, hint: 'config.scheme.ftp.hint' },
  { scheme: /^ssh$/, hint: 'config.scheme.ssh.hint' },
  { scheme: /^pac(?:\+ftp)?$/, hint: 'config.scheme.pac.hint' },
  { scheme: /^file$/, hint: 'config.scheme.file.hint' },
  {
    scheme: /^(?:ssr?|vmess|vless|trojan|hysteria2?|hy2|tuic|wireguard|snell)$/,
    hint: 'config.scheme.node.hint',
  },
] as const

/** Straight and typographic quotes. Guides on the web print the latter, which a shell keeps as a part of the value. */
const QUOTES = /^["'`\u00ab\u2018-\u201f\u300c]|["'`\u00bb\u2018-\u201f\u300d]$/u

/**
 * Separates the scheme from the rest, which is what follows `scheme://` (`scheme:` for `pac+file` and
 * `pac+data`). Without a scheme it is `http`, as with curl.
 */
export function splitScheme(text: string, field: string): { protocol: ProxyProtocol; rest: string } {
  const [, opaque = '', content] = /^(pac\+(?:file|data)):(.*)$/is.exec(text) ?? []
  if (content !== undefined) {
    return { protocol: opaque.toLowerCase() === 'pac+file' ? 'pac+file' : 'pac+data', rest: content }
  }
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw unusable(field, 'config.control', 'config.control.hint')
  if (QUOTES.test(text)) throw unusable(field, 'config.quotes', 'config.quotes.hint')
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === undefined) {
    rejectHalfScheme(text, field)
    return { protocol: 'http', rest: text }
  }
  const protocol = scheme.toLowerCase()
  if (isProxyProtocol(protocol)) return { protocol, rest }
  const foreign = FOREIGN.find(({ scheme: known }) => known.test(protocol))
  const what =
    foreign === undefined
      ? say('config.unknown-scheme', { supported: SUPPORTED })
      : say('config.foreign-scheme', { protocol, supported: SUPPORTED })
  throw configError(field, what, say(foreign?.hint ?? 'config.no-scheme.hint'))
}

/** `socks5:/host`, `http:host`, `https//host`, `//host`; `socks:1080` is a host with a port. */
function rejectHalfScheme(text: string, field: string): void {
  const [, word = '', rest = ''] = /^([a-z][a-z0-9+.-]*)(?::|\/\/)(.*)$/is.exec(text) ?? []
  const protocol = word.toLowerCase()
  if (isProxyProtocol(protocol) && !/^\d*$/.test(rest)) {
    throw configError(
      field,
      say('config.half-scheme', { protocol }),
      say('config.half-scheme.hint', { protocol }),
    )
  }
  if (text.startsWith('//') || text.startsWith('://'))
    throw unusable(field, 'config.no-scheme', 'config.no-scheme.hint')
}

function isProxyProtocol(scheme: string): scheme is ProxyProtocol {
  return Object.hasOwn(DEFAULT_PORTS, scheme)
}
