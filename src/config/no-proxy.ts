import { BlockList, isIP, isIPv4 } from 'node:net'
import { normalizeHost, normalizeIpv6 } from './host.js'
import { sanitizeForeignText } from './redact.js'

/** Which destinations go without the proxy. */
export interface NoProxyRules {
  /** The entries that are in use, as they were written. */
  readonly entries: readonly string[]
  /** The entries that name no host, address or range; credentials in them masked, one line each. */
  readonly ignored: readonly string[]
  /** The first entry that matches, or null. An IPv6 `host` may stand in brackets. Never throws. */
  match(host: string, port: number): string | null
}

/**
 * Reads a bypass list: entries separated by commas or white space, in any case.
 *
 * | entry | matches |
 * | --- | --- |
 * | `*` | everything |
 * | `example.com`, `.example.com`, `*.example.com` | `example.com` and every name below it |
 * | `10.1.2.3`, `::1`, `[::1]` | that address alone |
 * | `10.0.0.0/8`, `fd00::/8`, `10.0.0.1-10.0.0.9` | every address of that range |
 * | any but a range, with `:port` | the same, on that port only (IPv6 then needs its brackets) |
 *
 * Where the common readers differ:
 *
 * | question | curl | Node (undici 7) | Go | here |
 * | --- | --- | --- | --- | --- |
 * | `.example.com` matches `example.com` | yes | yes | no | yes |
 * | `*.example.com` | no | as `.example.com` | as `.example.com` | as `.example.com` |
 * | `host:port` | no | yes | yes | yes |
 * | CIDR ranges | yes | no | yes | yes |
 * | `10.0.0.1-10.0.0.9` | no | no; its http module from 24.5 yes | no | yes |
 * | `*` among other entries | no | no | yes | yes |
 * | `localhost` and 127.0.0.0/8 without an entry | proxied | proxied | direct | proxied |
 *
 * Names are compared as names: no entry makes a DNS lookup. An IPv4-mapped IPv6 address counts as the IPv4
 * address. Entries that cannot be read are ignored, so their destinations stay behind the proxy.
 */
export function parseNoProxy(entries: string | readonly string[]): NoProxyRules {
  const texts = (typeof entries === 'string' ? [entries] : entries).flatMap((text) => text.split(/[\s,]+/))
  const rules: { entry: string; matches: Matcher }[] = []
  const ignored: string[] = []
  for (const entry of texts) {
    if (entry === '') continue
    const matches = parseEntry(entry)
    if (matches === undefined) ignored.push(sanitizeForeignText(entry.replace(/^.*@/s, '***@')))
    else rules.push({ entry: sanitizeForeignText(entry), matches })
  }
  return Object.freeze({
    entries: Object.freeze(rules.map((rule) => rule.entry)),
    ignored: Object.freeze(ignored),
    match(host: string, port: number): string | null {
      const target = parseHost(host)
      if (target === undefined) return null
      return rules.find((rule) => rule.matches(target, port))?.entry ?? null
    },
  })
}

/** A destination: `family` tells an address from a name. */
interface Host {
  readonly text: string
  readonly family: 'name' | 'ipv4' | 'ipv6'
}

type Matcher = (host: Host, port: number) => boolean

function parseEntry(entry: string): Matcher | undefined {
  // A zone id or a percent-encoded name: no format of a bypass list allows one.
  if (entry.includes('%')) return undefined
  if (entry.includes('/')) return parseSubnet(entry)
  const [first, last, ...more] = entry.split('-')
  if (first !== undefined && last !== undefined && isIP(first) !== 0)
    return more.length === 0 ? parseSpan(first, last) : undefined
  const { hostText, port } = splitPort(entry)
  if (port === undefined) return undefined
  const onPort = (actual: number): boolean => port === 'any' || port === actual
  if (hostText === '*') return (_host, actual) => onPort(actual)
  const wanted = parseHost(hostText.replace(/^\*?\./, ''))
  if (wanted === undefined) return undefined
  if (wanted.family !== 'name') return (host, actual) => host.text === wanted.text && onPort(actual)
  const suffix = `.${wanted.text}`
  return (host, actual) => onPort(actual) && `.${host.text}`.endsWith(suffix) && host.family === 'name'
}

/** The port is undefined where what stands in its place is none. */
function splitPort(entry: string): { hostText: string; port: number | 'any' | undefined } {
  const [, hostText, digits = ''] = /^(\[.*\]|[^:]*):(\d*)$/.exec(entry) ?? []
  if (hostText === undefined) return { hostText: entry, port: 'any' }
  const port = Number(digits)
  return { hostText, port: port >= 1 && port <= 65_535 ? port : undefined }
}

/** `first-last`, both of them part of it. */
function parseSpan(first: string, last: string): Matcher | undefined {
  const [from, to] = [parseHost(first), parseHost(last)]
  if (from === undefined || to === undefined || from.family === 'name' || from.family !== to.family)
    return undefined
  const range = new BlockList()
  try {
    range.addRange(from.text, to.text, from.family)
  } catch {
    // It ends before it begins.
    return undefined
  }
  return inRange(range, from.family)
}

function parseSubnet(entry: string): Matcher | undefined {
  const [, address = '', bits = ''] = /^([^/]*)\/(\d{1,3})$/.exec(entry) ?? []
  const base = parseHost(address)
  if (base === undefined || base.family === 'name') return undefined
  const mapped = base.family === 'ipv4' && address.includes(':')
  // 10/8 is 0.0.0.10/8 to a URL parser and 10.0.0.0/8 to its author: not read.
  if (base.family === 'ipv4' && !mapped && !isIPv4(address)) return undefined
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const prefix = Number(bits) - (mapped ? 96 : 0)
  if (prefix < 0 || prefix > (base.family === 'ipv4' ? 32 : 128)) return undefined
  const range = new BlockList()
  range.addSubnet(base.text, prefix, base.family)
  return inRange(range, base.family)
}

function inRange(range: BlockList, family: 'ipv4' | 'ipv6'): Matcher {
  return (host) => host.family === family && range.check(host.text, family)
}

function parseHost(text: string): Host | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  // The zone of a link-local address (fe80::1%eth0) is the caller's business, not the list's.
  const ipv6 = normalizeIpv6(bare.replace(/%.*$/s, ''))
  if (ipv6 !== undefined) {
    const mapped = mappedIpv4(ipv6)
    return mapped === undefined ? { text: ipv6, family: 'ipv6' } : { text: mapped, family: 'ipv4' }
  }
  const name = bare === text ? normalizeHost(bare)?.replace(/\.$/, '') : undefined
  if (name === undefined) return undefined
  return { text: name, family: isIPv4(name) ? 'ipv4' : 'name' }
}

/** `::ffff:a00:1` as `10.0.0.1`. */
function mappedIpv4(ipv6: string): string | undefined {
  const [, high = '', low = ''] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(ipv6) ?? []
  if (low === '') return undefined
  const value = [parseInt(high, 16), parseInt(low, 16)]
  return value.flatMap((part) => [part >> 8, part & 255]).join('.')
}
