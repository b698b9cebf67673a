import { configError } from '../errors.js'
import { ENCODE_HINT } from './authority.js'
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
  switch (protocol) {
    case 'socks':
    case 'socks5':
    case 'socks5h':
      checkSocks5(username, password, field)
      break
    case 'socks4':
    case 'socks4a':
      if (password !== '') {
        throw configError(
          field,
          'SOCKS4 has a user id and no password',
          'Use socks5:// if the proxy wants a password, or leave it out.',
        )
      }
      break
    case 'http':
    case 'https':
      break
  }
  return { username, password }
}

function decode(text: string, field: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw configError(field, 'the user name or password holds a malformed percent escape', ENCODE_HINT)
  }
  // Control characters would end a header line (HTTP) or the user id (SOCKS4); a lone surrogate has no UTF-8.
  if (/[\p{Cc}\p{Cs}]/u.test(decoded)) {
    throw configError(
      field,
      'the user name or password must not hold control characters',
      'Look for a line break or a NUL, perhaps written as %0A, %0D or %00.',
    )
  }
  return decoded
}

/** RFC 1929 §2: ULEN and PLEN are one byte each, and the user name has at least one byte. */
function checkSocks5(username: string, password: string, field: string): void {
  if (username === '') {
    throw configError(
      field,
      'SOCKS5 carries a password with a user name only',
      'Write socks5://user:password@host:1080 (RFC 1929 §2).',
    )
  }
  if (Buffer.byteLength(username) > 255 || Buffer.byteLength(password) > 255) {
    throw configError(
      field,
      'a SOCKS5 user name or password has at most 255 bytes',
      'The limit is that of the protocol (RFC 1929 §2); an HTTP proxy has none.',
    )
  }
}
