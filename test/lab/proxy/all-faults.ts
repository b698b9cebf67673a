import type { Fault, LabScheme, Misbehaviour } from './faults.js'

/**
 * What becomes of the tunnel. `any`: clients differ, by standard or by habit, but none should wait. `slow`:
 * nothing before a deadline that is shorter than one period for each byte of the answer, the first excepted
 * (the shortest answers, of SOCKS5, have two bytes).
 */
export type FaultEffect = 'no tunnel' | 'tunnel' | 'broken tunnel' | 'any' | 'slow'

/** A fault, the proxies that can have it, and what to expect. */
export interface NamedFault {
  readonly name: string
  readonly schemes: readonly LabScheme[]
  readonly fault: Fault
  readonly effect: FaultEffect
}

const EVERY: readonly LabScheme[] = ['http', 'https', 'socks4', 'socks4a', 'socks5']
const HTTP: readonly LabScheme[] = ['http', 'https']
const SOCKS4: readonly LabScheme[] = ['socks4', 'socks4a']
const SOCKS5: readonly LabScheme[] = ['socks5']
const VERBS: readonly Misbehaviour[] = ['silence', 'close', 'reset', 'garbage', 'drip', 'endless']

function named(schemes: readonly LabScheme[], effect: FaultEffect, name: string, fault: Fault): NamedFault {
  return { name, schemes, fault, effect }
}

const BANNER = 'SSH-2.0-OpenSSH_9.6\r\n'

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

/** A reply of SOCKS5 ends by itself, so what goes on behind it comes too early or is already the tunnel. */
function effectOf(verb: Misbehaviour, scheme: LabScheme): FaultEffect {
  if (verb === 'drip') return 'slow'
  return verb === 'endless' && scheme === 'socks5' ? 'any' : 'no tunnel'
}

const stages = [
  ...VERBS.flatMap((verb) =>
    EVERY.flatMap((scheme) => [
      named([scheme], effectOf(verb, scheme), `${verb} on accept`, { kind: 'accept', verb }),
      named([scheme], effectOf(verb, scheme), `${verb} after the request`, { kind: 'request', verb }),
    ]),
  ),
  ...VERBS.flatMap((verb) =>
    (['method', 'auth'] as const).map((at) =>
      named(SOCKS5, effectOf(verb, 'socks5'), `${verb} after the ${at} message`, {
        kind: 'request',
        verb,
        at,
      }),
    ),
  ),
  ...(['silence', 'close', 'reset', 'plain-text', 'cut-short', 'drip'] as const).map((verb) =>
    named(['https'], verb === 'drip' ? 'slow' : 'no tunnel', `${verb} in the TLS handshake`, {
      kind: 'tls',
      verb,
    }),
  ),
]

const answers = [
  ...[400, 401, 403, 404, 407, 429, 500, 502, 503, 504, 999].map((status) =>
    named(HTTP, 'no tunnel', `status ${status}`, { kind: 'status', status }),
  ),
  named(HTTP, 'no tunnel', 'a redirect', {
    kind: 'status',
    status: 302,
    headers: { Location: 'http://portal.invalid/' },
  }),
  named(HTTP, 'no tunnel', 'a login page', {
    kind: 'status',
    status: 403,
    headers: { 'Content-Type': 'text/html' },
    body: '<html><title>Access denied</title></html>',
  }),
  named(HTTP, 'no tunnel', 'a 403 on a connection that stays open', {
    kind: 'status',
    status: 403,
    keepOpen: true,
  }),
  // RFC 9110, 9.3.6: any 2xx opens the tunnel; many clients know 200 only.
  named(HTTP, 'any', 'status 204', { kind: 'status', status: 204 }),
  named(HTTP, 'tunnel', 'more headers', {
    kind: 'extra-headers',
    headers: { Via: '1.1 lab', 'X-Cache': 'MISS', 'Proxy-Agent': 'lab' },
  }),
  // RFC 9110, 9.3.6: both headers mean nothing in a successful answer to CONNECT.
  named(HTTP, 'tunnel', 'a Content-Length in the 200', {
    kind: 'extra-headers',
    headers: { 'Content-Length': '17' },
  }),
  named(HTTP, 'tunnel', 'HTTP/1.0', { kind: 'http-1.0' }),
  named(HTTP, 'any', 'a malformed header', { kind: 'malformed-header', line: 'this is no header' }),
  named(HTTP, 'any', 'bare line feeds', { kind: 'lf-only' }),
  named(EVERY, 'tunnel', 'answers in single bytes', { kind: 'split' }),
  named(HTTP, 'broken tunnel', 'bytes behind the answer', { kind: 'trailing', bytes: BANNER }),
  // The socks package emits them before TLS takes the socket, and TLS never sees them.
  named([...SOCKS4, ...SOCKS5], 'any', 'bytes behind the answer', { kind: 'trailing', bytes: BANNER }),
]

const socks = [
  // The socks package does not look at the version of the credentials' answer, nor of SOCKS4's reply.
  ...(['method', 'auth', 'request'] as const).map((at) =>
    named(SOCKS5, at === 'auth' ? 'any' : 'no tunnel', `version 4 in the answer to the ${at}`, {
      kind: 'socks-version',
      at,
      version: 4,
    }),
  ),
  named(SOCKS4, 'any', 'version 5 in the reply', { kind: 'socks-version', at: 'request', version: 5 }),
  named(SOCKS5, 'no tunnel', 'no acceptable method', { kind: 'socks-method', method: 0xff }),
  named(SOCKS5, 'no tunnel', 'an unknown method', { kind: 'socks-method', method: 0x77 }),
  named(SOCKS5, 'no tunnel', 'auth status 1', { kind: 'socks-auth-status', status: 1 }),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 0x42].map((code) =>
    named(SOCKS5, 'no tunnel', `reply ${hex(code)}`, { kind: 'socks-reply', code }),
  ),
  ...[0x5b, 0x5c, 0x5d, 0x42].map((code) =>
    named(SOCKS4, 'no tunnel', `reply ${hex(code)}`, { kind: 'socks-reply', code }),
  ),
  ...(['name', 'ipv4', 'ipv6'] as const).map((addressType) =>
    named(SOCKS5, 'tunnel', `a bound address of type ${addressType}`, { kind: 'socks-bound', addressType }),
  ),
]

const tunnels = [
  named(EVERY, 'broken tunnel', 'a reset before the first byte', { kind: 'cut-after', bytes: 0 }),
  named(EVERY, 'broken tunnel', 'a reset after 100 bytes', { kind: 'cut-after', bytes: 100 }),
  named(EVERY, 'broken tunnel', 'a close after 100 bytes', { kind: 'cut-after', bytes: 100, how: 'close' }),
  named(EVERY, 'broken tunnel', 'a target without TLS', { kind: 'not-tls' }),
  named(EVERY, 'broken tunnel', 'a silent tunnel', { kind: 'tunnel-silence' }),
]

/**
 * Every fault, under a name that is unique for each scheme. `misroute` is missing, as it needs an address. What
 * goes wrong with SOCKS5's credentials only does for clients that offer some: the proxy then asks for them.
 */
export const ALL_FAULTS: readonly NamedFault[] = [...stages, ...answers, ...socks, ...tunnels]

/** The faults that a proxy of this scheme can have. */
export function faultsFor(scheme: LabScheme): readonly NamedFault[] {
  return ALL_FAULTS.filter(({ schemes }) => schemes.includes(scheme))
}
