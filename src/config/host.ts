import { isIPv6 } from 'node:net'

/**
 * A host name or IPv4 address in the one form that WHATWG URL gives it: lower case, punycode,
 * percent-decoded, IPv4 as four decimal parts. Undefined if it is neither.
 *
 * `new URL('socks5://…')` does none of this, since only http-like schemes are special to it; so the host of
 * every scheme goes through the parser as an http one.
 */
export function normalizeHost(text: string): string | undefined {
  if (text === '' || /[\s/?#\\@:[\]]/.test(text)) return undefined
  const hostname = hostnameOf(text)
  // WHATWG lets through quotes, braces, `$` and empty labels: a mistyped variable, never a host.
  if (hostname === undefined || !/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/.test(hostname)) return undefined
  return hostname
}

/** An IPv6 address, shortened as RFC 5952 wants it and without brackets. No zone id. */
export function normalizeIpv6(text: string): string | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined
  return hostnameOf(`[${text}]`)?.slice(1, -1)
}

function hostnameOf(host: string): string | undefined {
  try {
    return new URL(`http://${host}`).hostname
  } catch {
    // Node's ERR_INVALID_URL holds its whole input: it goes no further than this.
    return undefined
  }
}
