import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { urlHost } from '../config/authority.js'
import { normalizeHost } from '../config/host.js'

/**
 * TLS options that one request may set for itself (https.request, `new WebSocket`); they win over the transport's. So
 * does a `servername`.
 */
export const TLS_FIELDS = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'rejectUnauthorized',
  'checkServerIdentity',
  'ciphers',
  'minVersion',
  'maxVersion',
] as const

export type TlsOverrides = Pick<ConnectionOptions, (typeof TLS_FIELDS)[number] | 'servername'>

/** Where a tunnel ends. */
export interface Target {
  /** Host name or IP address, an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** Whether TLS to the destination is part of the tunnel. */
  readonly secure: boolean
  readonly tls?: TlsOverrides | undefined
}

/** `host:port` as CONNECT and error messages write it (RFC 9110 §7.2: an IPv6 literal keeps its brackets). */
export function authority({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return `${urlHost(host)}:${port}`
}

/** The authority of an http:// URL, where the default port is left out. */
export function urlAuthority({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return port === 80 ? urlHost(host) : authority({ host, port })
}

/** SOCKS5 has one byte for the length of a name (RFC 1928 §5), and DNS no longer names (RFC 1035 §2.3.4). */
const MAX_NAME_LENGTH = 255

/**
 * The target with its host as a proxy can be asked for it: an address, or a name in ASCII. Undefined where host or
 * port are no such thing: what node:http is given reaches an agent unchecked, and a line break in it would begin
 * another header of CONNECT.
 */
export function normalizeTarget(target: Target): Target | undefined {
  const { host, port } = target
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  if (isIP(host) !== 0) return target
  const name = host.length > MAX_NAME_LENGTH ? undefined : normalizeHost(host)
  return name === undefined || name.length > MAX_NAME_LENGTH ? undefined : { ...target, host: name }
}

/**
 * A URL of the caller's.
 *
 * @throws TypeError without the text, since a URL may hold a token. Node's own error repeats it
 */
export function parseUrl(url: string | URL, what: string): URL {
  if (url instanceof URL) return url
  if (URL.canParse(url)) return new URL(url)
  throw new TypeError(`${what} takes an absolute URL, such as https://discord.com/`)
}

/** The address that a URL leads to, with the default port of its scheme. */
export function addressOf({ hostname, port, protocol }: URL): Pick<Target, 'host' | 'port'> {
  return {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port !== '' ? Number(port) : protocol === 'https:' || protocol === 'wss:' ? 443 : 80,
  }
}
