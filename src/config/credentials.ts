import { unusable } from '../errors.js'
import type { ProxyCredentials, TunnelProtocol } from './types.js'

/**
 * Decodes the `user:password` of a proxy URL, once, as UTF-8, and checks that the scheme can carry it.
 * Empty userinfo (`http://@host`) is no credentials.
 */
export function parseCredentials(
  userinfo: string,
  protocol: TunnelProtocol,
  field: string,
): ProxyCredentials | undefined {
  const colon = userinfo.indexOf(':')
  const username = decode(colon === -1 ? userinfo : userinfo.slice(0, colon), field)
  const password = decode(colon === -1 ? '' : userinfo.slice(colon + 1), field)
  if (username === '' && password === '') return undefined
  if (protocol === 'socks4' || protocol === 'socks4a') {
    if (password !== '') throw unusable(field, 'config.socks4-password', 'config.socks4-password.hint')
  } else if (protocol !== 'http' && protocol !== 'https') checkSocks5(username, password, field)
  return { username, password }
}

function decode(text: string, field: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw unusable(field, 'config.escape', 'config.encode.hint')
  }
  // Control characters would end a header line (HTTP) or the user id (SOCKS4); a lone surrogate has no UTF-8.
  if (/[\p{Cc}\p{Cs}]/u.test(decoded))
    throw unusable(field, 'config.credentials-control', 'config.credentials-control.hint')
  return decoded
}

/** RFC 1929 §2: ULEN and PLEN are one byte each, and the user name has at least one byte. */
function checkSocks5(username: string, password: string, field: string): void {
  if (username === '') throw unusable(field, 'config.socks5-name', 'config.socks5-name.hint')
  if (Buffer.byteLength(username) > 255 || Buffer.byteLength(password) > 255)
    throw unusable(field, 'config.socks5-length', 'config.socks5-length.hint')
}
