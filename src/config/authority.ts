import { isIPv6 } from 'node:net'
import { configError } from '../errors.js'
import { normalizeHost, normalizeIpv6 } from './host.js'
import type { ProxyProtocol } from './types.js'

/** What to do about characters that end or split the credentials of a URL. */
export const ENCODE_HINT =
  'In a user name or password write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and \\ as %5C ' +
  '(encodeURIComponent does it).'

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
  if (tail.includes('@')) {
    throw configError(field, 'the part before the last @ must be percent-encoded', ENCODE_HINT)
  }
  if (tail.startsWith('\\')) throw configError(field, 'must not hold a backslash', ENCODE_HINT)
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
    if (host === undefined) throw configError(field, 'the IPv6 address must stand in brackets', IPV6_HINT)
    return { host, port }
  }
  const [host = '', port, ...more] = text.split(':')
  if (more.length === 0) return { host, port }
  if (isIPv6(text)) throw configError(field, 'the IPv6 address must stand in brackets', IPV6_HINT)
  throw vendorFormat(field)
}

const IPV6_HINT = 'Write http://[::1]:8080.'

function vendorFormat(field: string): Error {
  return configError(
    field,
    'must have the form scheme://user:password@host:port',
    `A list entry host:port:user:password has to be turned round, and an IPv6 address needs brackets. ${ENCODE_HINT}`,
  )
}

function parseHost(text: string, field: string): string {
  if (text === '') {
    throw configError(
      field,
      'the host is missing',
      'Write scheme://host:port, for example http://127.0.0.1:8080.',
    )
  }
  // WHATWG reads a bare number as an IPv4 address: 7890 would be 0.0.30.210.
  if (/^\d+$/.test(text)) {
    throw configError(field, 'the host is missing: a number alone is a port', 'Write http://127.0.0.1:7890.')
  }
  if (text.startsWith('[')) {
    if (text.includes('%')) {
      throw configError(
        field,
        'an IPv6 address must not have a zone id',
        'Give the proxy by a name, or by an address that needs no %interface.',
      )
    }
    const address = normalizeIpv6(text.slice(1, -1))
    if (address === undefined) throw configError(field, 'must hold a valid IPv6 address', IPV6_HINT)
    return address
  }
  const host = normalizeHost(text)
  if (host === undefined) {
    throw configError(
      field,
      'the host must be a valid host name or IP address',
      `Write scheme://host:port, for example http://proxy.example.com:8080. ${ENCODE_HINT}`,
    )
  }
  return host
}

function parsePort(text: string | undefined, defaultPort: number, field: string): number {
  if (text === undefined) return defaultPort
  const port = /^\d+$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw configError(
    field,
    'the port must be a whole number from 1 to 65535',
    `Write scheme://host:port, for example http://127.0.0.1:8080. ${ENCODE_HINT}`,
  )
}
