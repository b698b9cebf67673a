import { domainToASCII } from 'node:url'
import { isIPv4, isIPv6 } from 'node:net'
import { normalizeHost, normalizeIpv6 } from '../config/host.js'
import { isDiscordName } from '../discord/domains.js'

/** Whether a host, as code writes it, is one of Discord's names. */
export function isDiscord(host: string): boolean {
  if (isDiscordName(host)) return true
  // Most hosts are written as they are compared: the rest costs only what is written otherwise.
  if (!/[A-Z]|[^ -~]|\.$/.test(host)) return false
  const name = domainToASCII(host.endsWith('.') ? host.slice(0, -1) : host)
  return isDiscordName(name.toLowerCase())
}

/** Whether a host is this host itself: `localhost`, 127.0.0.0/8, `::1`, and the unspecified address. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const [address = ''] = bare.split('%')
  if (isIPv6(address)) return isLoopbackIpv6(normalizeIpv6(address) ?? '')
  // getaddrinfo reads 127.1, 0x7f000001 and 2130706433 as 127.0.0.1, as URLs do.
  const name = (normalizeHost(bare) ?? bare.toLowerCase()).replace(/\.$/, '')
  if (isIPv4(name)) return name.startsWith('127.') || name === '0.0.0.0'
  return name === 'localhost' || name.endsWith('.localhost') || name === ''
}

function isLoopbackIpv6(address: string): boolean {
  // 127.0.0.0/8 and 0.0.0.0, mapped into IPv6.
  return address === '::1' || address === '::' || /^::ffff:(?:7f[\da-f]{2}:|0:0$)/.test(address)
}
