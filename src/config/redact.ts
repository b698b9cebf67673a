import { parseAuthority, redactedOrigin } from './authority.js'
import { DEFAULT_PORTS, splitScheme } from './proxy-scheme.js'
import { parseProxyUrl } from './proxy-url.js'
import type { Proxy } from './types.js'

const UNPARSABLE = '<unparsable proxy URL>'
const WITHHELD = '<withheld: it repeats a credential>'
const MASK = '***'

/** Under this many characters a secret is too common to be masked in place: see {@link createRedactor}. */
const SHORTEST_MASKED = 4

/**
 * A proxy URL fit to show: `***` for the user name, `:***` for the password, no query, no PAC script, and
 * no path but that of a PAC script's server. Never throws; where it cannot tell what is what, it shows
 * nothing: `<unparsable proxy URL>`.
 */
export function redactUrl(url: string | URL): string {
  try {
    const text = (typeof url === 'string' ? url : url.href).trim()
    const { protocol, rest } = splitScheme(text, 'url')
    if (protocol.startsWith('pac+')) return parseProxyUrl(text, 'url').redactedUrl
    const authority = parseAuthority(rest, DEFAULT_PORTS[protocol], 'url')
    const origin = redactedOrigin(protocol, authority)
    return authority.tail === '' || authority.tail === '/' ? origin : `${origin}/${MASK}`
  } catch {
    return UNPARSABLE
  }
}

/** What must not be seen of a proxy: user name, password, both as Basic joins them, a PAC URL's query. */
export function secretsOfProxy(proxy: Proxy | null): readonly string[] {
  if (proxy === null) return []
  if (proxy.kind === 'tunnel') {
    if (proxy.credentials === undefined) return []
    const { username, password } = proxy.credentials
    return [username, password, `${username}:${password}`].filter((secret) => secret !== '')
  }
  if (proxy.protocol !== 'pac+http' && proxy.protocol !== 'pac+https') return []
  const { username, password, search } = new URL(proxy.scriptUrl)
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  return [user, pass, user + pass === '' ? '' : `${user}:${pass}`, search.slice(1)].filter(
    (secret) => secret !== '',
  )
}

/** What must not be seen of a `Proxy-Authorization` value: all of it, its token, and what Basic encodes. */
export function secretsOfAuthorization(header: string): readonly string[] {
  const [, scheme = '', token = ''] = /^(\S+)\s+(.+)$/s.exec(header.trim()) ?? []
  if (scheme.toLowerCase() !== 'basic') return [header, token].filter((secret) => secret !== '')
  const pair = Buffer.from(token, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return [header, token, pair, pair.slice(0, Math.max(colon, 0)), pair.slice(colon + 1)].filter(
    (secret) => secret !== '',
  )
}

/**
 * Makes text that a peer wrote (a proxy's status line, an error page) fit for messages: one line, printable,
 * at most `maxLength` characters, and `***` in place of each secret. A secret is found plain, with another
 * case, percent-encoded, in base64, JSON-escaped, HTML-escaped, and as UTF-8 that was read as Latin-1 (which
 * is how Node reads a status line).
 *
 * A secret of fewer than four characters is not masked in place: that would garble ordinary words and show
 * by its gaps what the secret is. A text that holds one is withheld as a whole.
 */
export function createRedactor(secrets: readonly string[], maxLength = 200): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret !== '')
  const short = known.filter((secret) => secret.length < SHORTEST_MASKED).flatMap(writtenForms)
  const long = known.filter((secret) => secret.length >= SHORTEST_MASKED).flatMap(writtenForms)
  const pattern = alternatives(long)
  const mask = (text: string): string => (pattern === undefined ? text : text.replace(pattern, MASK))
  return (text) => {
    // Twice: printing can join what an invisible character had kept apart. Cut last: half a secret is one too.
    const shown = mask(printable(mask(text)))
    const repeated = short.some((form) => text.includes(form) || shown.includes(form))
    return truncate(repeated ? WITHHELD : shown, maxLength)
  }
}

/**
 * Text of a peer as one printable line of at most `maxLength` characters (UTF-16 units, the final `…` among
 * them): white space of any kind becomes one space; control, format (bidi, zero width), private and
 * unassigned characters go.
 */
export function sanitizeForeignText(text: string, maxLength = 200): string {
  return truncate(printable(text), maxLength)
}

function printable(text: string): string {
  return text
    .replace(/[\s\p{Z}]+/gu, ' ')
    .replace(/\p{C}/gu, '')
    .trim()
}

function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  // A surrogate pair is kept or dropped as a whole.
  return `${text.slice(0, Math.max(maxLength - 1, 0)).replace(/[\ud800-\udbff]$/, '')}…`.slice(0, maxLength)
}

/** The ways in which software on the path writes the same secret. */
function writtenForms(secret: string): string[] {
  // A lone surrogate has no percent-encoding; what the wire carried in its place is U+FFFD.
  const text = Buffer.from(secret).toString()
  const bytes = Buffer.from(text)
  const json = JSON.stringify(text).slice(1, -1)
  const component = encodeURIComponent(text)
  const strict = component.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
  const userinfo = new URL('http://host')
  userinfo.password = text
  return [
    secret,
    text,
    printable(text),
    bytes.toString('latin1'),
    component,
    strict,
    strict.replaceAll('%20', '+'),
    encodeURI(text),
    userinfo.password,
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    Buffer.from(text, 'latin1').toString('base64').replace(/=+$/, ''),
    json,
    json.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    json.replaceAll('/', '\\/'),
    text.replace(/[&<>"']/g, (char) => HTML_ESCAPES.get(char) ?? char),
  ].filter((form) => form !== '')
}

const HTML_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

function alternatives(forms: readonly string[]): RegExp | undefined {
  if (forms.length === 0) return undefined
  // Longest first: of two secrets, one may begin with the other.
  const sorted = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return new RegExp(sorted.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'gi')
}
