import { configError } from '../errors.js'
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
const NO_SCHEME_HINT =
  'Write scheme://host:port, for example http://127.0.0.1:8080 or socks5://127.0.0.1:1080.'

const LOCAL_PORT =
  'Point at the local HTTP or SOCKS port of your client, for example socks5://127.0.0.1:1080.'
const WEBSOCKET = 'A proxy for WebSockets is reached over http:// or https:// too: write that scheme.'

/** Schemes that people try, with what to do instead. Only these are ever named: any other may be a secret. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['ws', WEBSOCKET],
  ['wss', WEBSOCKET],
  ['ftp', 'An FTP proxy cannot carry Discord: use an HTTP or SOCKS proxy.'],
  ['ssh', 'Open a SOCKS port with ssh -D 1080 and use socks5://127.0.0.1:1080.'],
  ['pac', 'Write pac+http://, pac+https://, pac+file:/// or pac+data: for a PAC script.'],
  ['pac+ftp', 'A PAC script is read from pac+http://, pac+https://, pac+file:/// or pac+data:.'],
  ['file', 'Write pac+file:///path/to/proxy.pac for a PAC script.'],
  ...[
    'ss',
    'ssr',
    'vmess',
    'vless',
    'trojan',
    'hysteria',
    'hysteria2',
    'hy2',
    'tuic',
    'wireguard',
    'snell',
  ].map((scheme): [string, string] => [scheme, LOCAL_PORT]),
])

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
  if (/[\p{Cc}\p{Cs}]/u.test(text)) {
    throw configError(field, 'must not hold control characters', 'Look for a line break inside the URL.')
  }
  if (QUOTES.test(text)) {
    throw configError(
      field,
      'must not stand in quotes',
      'Remove the quotes around the URL, also typographic ones (\u201c\u201d) that were copied from a web page.',
    )
  }
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === undefined) {
    rejectHalfScheme(text, field)
    return { protocol: 'http', rest: text }
  }
  const protocol = scheme.toLowerCase()
  if (isProxyProtocol(protocol)) return { protocol, rest }
  const hint = FOREIGN.get(protocol)
  const what =
    hint === undefined ? 'the scheme is not supported' : `the scheme ${protocol}:// is not supported`
  throw configError(field, `${what} (use one of ${SUPPORTED})`, hint ?? NO_SCHEME_HINT)
}

/** `socks5:/host`, `http:host`, `https//host`, `//host`; `socks:1080` is a host with a port. */
function rejectHalfScheme(text: string, field: string): void {
  const [, word = '', rest = ''] = /^([a-z][a-z0-9+.-]*)(?::|\/\/)(.*)$/is.exec(text) ?? []
  const protocol = word.toLowerCase()
  if (isProxyProtocol(protocol) && !/^\d*$/.test(rest)) {
    throw configError(field, `after the scheme ${protocol} must come ://`, `Write ${protocol}://host:port.`)
  }
  if (text.startsWith('//') || text.startsWith('://')) {
    throw configError(field, 'the scheme is missing before ://', NO_SCHEME_HINT)
  }
}

function isProxyProtocol(scheme: string): scheme is ProxyProtocol {
  return Object.hasOwn(DEFAULT_PORTS, scheme)
}
