import { isIPv6 } from 'node:net'
import { unusable } from '../errors.js'
import { normalizeHost, normalizeIpv6 } from './host.js'
import type { ProxyProtocol } from './types.js'

/** `userinfo@host:port` and what stands behind it. */
export interface Authority {
  /** Still encoded, without the `@`. */
  readonly userinfo: string
  /** Normalised; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  /** Path, query and fragment, as written. */
  readonly tail: string
}

/**
 * Splits what follows `scheme://`, alike for every scheme. Written out instead of left to `URL`, whose
 * reading depends on the scheme and whose errors carry the password.
 */
export function parseAuthority(text: string, defaultPort: number, field: string): Authority {
  const end = text.search(/[/?#\\]/)
  const authority = end === -1 ? text : text.slice(0, end)
  const tail = end === -1 ? '' : text.slice(end)
  // `user:12/34@host` reads as host `user`, port 12: without this, half a password would be a host name.
  if (tail.includes('@')) throw unusable(field, 'config.unencoded', 'config.encode.hint')
  if (tail.startsWith('\\')) throw unusable(field, 'config.backslash', 'config.encode.hint')
  const at = authority.lastIndexOf('@')
  const userinfo = at === -1 ? '' : authority.slice(0, at)
  const hostAndPort = authority.slice(at + 1)
  // The list format of proxy vendors; with an @ in the password, its rest would become the host.
  if (/^(?:[^:]*\.[^:]*|localhost):\d{1,5}:/i.test(userinfo)) throw vendorFormat(field)
  const { host, port } = splitPort(hostAndPort, field)
  return { userinfo, host: parseHost(host, field), port: parsePort(port, defaultPort, field), tail }
}

/** `protocol://***:***@host:port`: what of a URL is safe to show, the port always among it. */
export function redactedOrigin(protocol: ProxyProtocol, { userinfo, host, port }: Authority): string {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userinfo) ?? []
  const masked = (username === '' ? '' : '***') + (password === '' ? '' : ':***')
  return `${protocol}://${masked === '' ? '' : `${masked}@`}${urlHost(host)}:${port}`
}

/** `host` as it stands in a URL: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function splitPort(text: string, field: string): { host: string; port: string | undefined } {
  if (text.startsWith('[')) {
    const [, host, port] = /^(\[[^\]]*\])(?::(.*))?$/s.exec(text) ?? []
    if (host === undefined) throw unusable(field, 'config.ipv6-brackets', 'config.ipv6.hint')
    return { host, port }
  }
  const [host = '', port, ...more] = text.split(':')
  if (more.length === 0) return { host, port }
  if (isIPv6(text)) throw unusable(field, 'config.ipv6-brackets', 'config.ipv6.hint')
  throw vendorFormat(field)
}

function vendorFormat(field: string): Error {
  return unusable(field, 'config.vendor', 'config.vendor.hint', 'config.encode.hint')
}

function parseHost(text: string, field: string): string {
  if (text === '') throw unusable(field, 'config.no-host', 'config.no-host.hint')
  // WHATWG reads a bare number as an IPv4 address: 7890 would be 0.0.30.210.
  if (/^\d+$/.test(text)) throw unusable(field, 'config.port-alone', 'config.port-alone.hint')
  if (text.startsWith('[')) {
    if (text.includes('%')) throw unusable(field, 'config.zone', 'config.zone.hint')
    const address = normalizeIpv6(text.slice(1, -1))
    if (address === undefined) throw unusable(field, 'config.ipv6', 'config.ipv6.hint')
    return address
  }
  const host = normalizeHost(text)
  if (host === undefined) throw unusable(field, 'config.host', 'config.host.hint', 'config.encode.hint')
  return host
}

function parsePort(text: string | undefined, defaultPort: number, field: string): number {
  if (text === undefined) return defaultPort
  const port = /^\d+$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw unusable(field, 'config.port', 'config.no-host.hint', 'config.encode.hint')
}
