import type { LabScheme } from '../lab/proxy/index.js'
import type { Expected } from './fault-table.js'

type Outcomes = Readonly<Record<string, Expected>>

/** What no scheme has a part in: the tunnel request goes unanswered, or the tunnel is open and leads nowhere good. */
const EVERY_SCHEME: Outcomes = {
  'silence after the request': 'ERR_PROXY_TIMEOUT tunnel',
  'close after the request': 'ERR_PROXY_PROTOCOL tunnel',
  'reset after the request': 'ERR_PROXY_UNREACHABLE tunnel',
  'drip after the request': 'ERR_PROXY_TIMEOUT tunnel',
  'endless after the request': 'ERR_PROXY_PROTOCOL tunnel',
  'answers in single bytes': 'works',
  'a reset before the first byte': 'ERR_TARGET_TLS target-tls',
  'a reset after 100 bytes': 'ERR_TARGET_TLS target-tls',
  'a close after 100 bytes': 'ERR_TARGET_TLS target-tls',
  'a target without TLS': 'ERR_TARGET_TLS target-tls',
  'a silent tunnel': 'ERR_TARGET_TIMEOUT target-tls',
}

/** Where the first bytes of a proxy can be seen: over plain TCP. */
const PLAIN_TCP: Outcomes = {
  'silence on accept': 'ERR_PROXY_TIMEOUT tunnel',
  'close on accept': 'ERR_PROXY_PROTOCOL tunnel',
  'reset on accept': ['ERR_PROXY_UNREACHABLE proxy-connect', 'ERR_PROXY_UNREACHABLE tunnel'],
  'garbage on accept': 'ERR_PROXY_PROTOCOL tunnel',
  'garbage after the request': 'ERR_PROXY_PROTOCOL tunnel',
  'drip on accept': 'ERR_PROXY_TIMEOUT tunnel',
  'endless on accept': 'ERR_PROXY_PROTOCOL tunnel',
  'bytes behind the answer': 'ERR_PROXY_PROTOCOL tunnel',
}

const TLS: Outcomes = {
  'silence on accept': 'ERR_PROXY_TIMEOUT proxy-tls',
  'silence in the TLS handshake': 'ERR_PROXY_TIMEOUT proxy-tls',
  'close on accept': 'ERR_PROXY_TLS proxy-tls',
  'close in the TLS handshake': 'ERR_PROXY_TLS proxy-tls',
  'reset on accept': ['ERR_PROXY_UNREACHABLE proxy-connect', 'ERR_PROXY_TLS proxy-tls'],
  'reset in the TLS handshake': 'ERR_PROXY_TLS proxy-tls',
  'garbage on accept': 'ERR_PROXY_TLS proxy-tls',
  'garbage after the request': 'ERR_PROXY_TIMEOUT tunnel',
  'drip on accept': 'ERR_PROXY_TIMEOUT proxy-tls',
  'drip in the TLS handshake': 'ERR_PROXY_TIMEOUT proxy-tls',
  'endless on accept': 'ERR_PROXY_TLS proxy-tls',
  'plain-text in the TLS handshake': 'ERR_PROXY_TLS proxy-tls',
  'cut-short in the TLS handshake': 'ERR_PROXY_TLS proxy-tls',
  'bytes behind the answer': 'works',
}

const CONNECT: Outcomes = {
  'status 400': 'ERR_PROXY_PROTOCOL tunnel',
  'status 401': 'ERR_PROXY_AUTH proxy-auth',
  'status 403': 'ERR_PROXY_DENIED tunnel',
  'status 404': 'ERR_TARGET_UNREACHABLE tunnel',
  'status 407': 'ERR_PROXY_AUTH proxy-auth',
  'status 429': 'ERR_PROXY_DENIED tunnel',
  'status 500': 'ERR_TARGET_UNREACHABLE tunnel',
  'status 502': 'ERR_TARGET_UNREACHABLE tunnel',
  'status 503': 'ERR_TARGET_UNREACHABLE tunnel',
  'status 504': 'ERR_TARGET_TIMEOUT tunnel',
  'status 999': 'ERR_PROXY_PROTOCOL tunnel',
  'a redirect': 'ERR_PROXY_DENIED tunnel',
  'a login page': 'ERR_PROXY_DENIED tunnel',
  'a 403 on a connection that stays open': 'ERR_PROXY_DENIED tunnel',
  'status 204': 'ERR_PROXY_PROTOCOL tunnel',
  'more headers': 'works',
  'a Content-Length in the 200': 'works',
  'HTTP/1.0': 'works',
  'a malformed header': 'ERR_PROXY_PROTOCOL tunnel',
  'bare line feeds': 'ERR_PROXY_TIMEOUT tunnel',
}

const SOCKS4: Outcomes = {
  ...EVERY_SCHEME,
  ...PLAIN_TCP,
  'version 5 in the reply': 'ERR_PROXY_PROTOCOL tunnel',
  'reply 0x5b': 'ERR_PROXY_DENIED tunnel',
  'reply 0x5c': 'ERR_PROXY_AUTH proxy-auth',
  'reply 0x5d': 'ERR_PROXY_AUTH proxy-auth',
  'reply 0x42': 'ERR_PROXY_PROTOCOL tunnel',
}

const SOCKS5: Outcomes = {
  ...EVERY_SCHEME,
  ...PLAIN_TCP,
  'silence after the method message': 'ERR_PROXY_TIMEOUT tunnel',
  'silence after the auth message': 'ERR_PROXY_TIMEOUT proxy-auth',
  'close after the method message': 'ERR_PROXY_PROTOCOL tunnel',
  'close after the auth message': 'ERR_PROXY_PROTOCOL tunnel',
  'reset after the method message': 'ERR_PROXY_UNREACHABLE tunnel',
  'reset after the auth message': 'ERR_PROXY_UNREACHABLE tunnel',
  'garbage after the method message': 'ERR_PROXY_PROTOCOL tunnel',
  'garbage after the auth message': 'ERR_PROXY_PROTOCOL tunnel',
  'drip after the method message': 'ERR_PROXY_TIMEOUT tunnel',
  'drip after the auth message': 'ERR_PROXY_TIMEOUT proxy-auth',
  'endless after the method message': 'ERR_PROXY_PROTOCOL tunnel',
  'endless after the auth message': 'ERR_PROXY_PROTOCOL tunnel',
  'version 4 in the answer to the method': 'ERR_PROXY_PROTOCOL tunnel',
  'version 4 in the answer to the auth': 'ERR_PROXY_PROTOCOL tunnel',
  'version 4 in the answer to the request': 'ERR_PROXY_PROTOCOL tunnel',
  'no acceptable method': 'ERR_PROXY_AUTH proxy-auth',
  'an unknown method': 'ERR_PROXY_AUTH proxy-auth',
  'auth status 1': 'ERR_PROXY_AUTH proxy-auth',
  'reply 0x01': 'ERR_TARGET_UNREACHABLE tunnel',
  'reply 0x02': 'ERR_PROXY_DENIED tunnel',
  'reply 0x03': 'ERR_TARGET_UNREACHABLE tunnel',
  'reply 0x04': 'ERR_TARGET_UNREACHABLE tunnel',
  'reply 0x05': 'ERR_TARGET_UNREACHABLE tunnel',
  'reply 0x06': 'ERR_TARGET_UNREACHABLE tunnel',
  'reply 0x07': 'ERR_PROXY_PROTOCOL tunnel',
  'reply 0x08': 'ERR_PROXY_PROTOCOL tunnel',
  'reply 0x42': 'ERR_PROXY_PROTOCOL tunnel',
  'a bound address of type name': 'works',
  'a bound address of type ipv4': 'works',
  'a bound address of type ipv6': 'works',
}

/**
 * What each fault of the lab is, in the words of an error: every face must say so, and the doctor must find the hop
 * and the code that were put there.
 */
export const OUTCOMES: Readonly<Record<LabScheme, Outcomes>> = {
  http: { ...EVERY_SCHEME, ...PLAIN_TCP, ...CONNECT },
  https: { ...EVERY_SCHEME, ...TLS, ...CONNECT },
  socks4: SOCKS4,
  socks4a: SOCKS4,
  socks5: SOCKS5,
}
