import type { LabAddress } from '../names.js'

/** What a lab proxy can speak. */
export type LabScheme = 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5'

/**
 * Ways not to answer, at whatever stage.
 *
 * - `silence`: takes every byte and says nothing
 * - `close`: sends FIN
 * - `reset`: sends RST
 * - `garbage`: 64 bytes of no protocol, and the connection stays open
 * - `drip`: the right answer, one byte in `periodMs`
 * - `endless`: the right beginning, then bytes for as long as the client reads them
 */
export type Misbehaviour = 'silence' | 'close' | 'reset' | 'garbage' | 'drip' | 'endless'

/** The client's messages: a CONNECT header is a `request`, and SOCKS5 has up to three of them. */
export type HandshakeStep = 'method' | 'auth' | 'request'

/** What is wrong with a proxy. Each kind says which schemes it can befall; others ignore it. */
export type Fault =
  /** Every scheme: as soon as TCP is up, without waiting for the client. */
  | { readonly kind: 'accept'; readonly verb: Misbehaviour; readonly periodMs?: number }
  /** https: once the ClientHello has come. `cut-short` sends half of the server's flight, then FIN. */
  | {
      readonly kind: 'tls'
      readonly verb: 'silence' | 'close' | 'reset' | 'plain-text' | 'cut-short' | 'drip'
      readonly periodMs?: number
    }
  /** Every scheme: once the client's message has come. `at` is for SOCKS5; default `request`. */
  | {
      readonly kind: 'request'
      readonly verb: Misbehaviour
      readonly at?: HandshakeStep
      readonly periodMs?: number
    }
  /** http, https: this answer to CONNECT. A 2xx opens the tunnel; others close, unless `keepOpen`. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly reason?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly keepOpen?: boolean
    }
  /** http, https: 200 with these headers. */
  | { readonly kind: 'extra-headers'; readonly headers: Readonly<Record<string, string>> }
  /** http, https: 200 as `HTTP/1.0`. */
  | { readonly kind: 'http-1.0' }
  /** http, https: 200 with a line that is no header. */
  | { readonly kind: 'malformed-header'; readonly line: string }
  /** http, https: 200 with bare line feeds, which RFC 9112 section 2.2 lets a recipient take or refuse. */
  | { readonly kind: 'lf-only' }
  /** Every scheme: each answer of the handshake in segments of one byte. */
  | { readonly kind: 'split' }
  /** Every scheme: these bytes in the same segment, right behind the answer that opens the tunnel. */
  | { readonly kind: 'trailing'; readonly bytes: string }
  /** SOCKS: a wrong version byte in one of the answers; SOCKS4 has only `request`. */
  | { readonly kind: 'socks-version'; readonly at: HandshakeStep; readonly version: number }
  /** socks5: this method is chosen, whatever was offered; 0xFF is "none acceptable". */
  | { readonly kind: 'socks-method'; readonly method: number }
  /** socks5: the status of RFC 1929; everything but 0 is a refusal. Asks for credentials even without auth. */
  | { readonly kind: 'socks-auth-status'; readonly status: number }
  /** SOCKS: this reply code (RFC 1928 section 6; SOCKS4's begin at 0x5A). */
  | { readonly kind: 'socks-reply'; readonly code: number }
  /** socks5: success, with a bound address of this type. */
  | { readonly kind: 'socks-bound'; readonly addressType: 'name' | 'ipv4' | 'ipv6' }
  /** Every scheme: the tunnel carries so many bytes to the client and breaks. Default: by RST. */
  | { readonly kind: 'cut-after'; readonly bytes: number; readonly how?: 'close' | 'reset' }
  /** Every scheme: the tunnel leads somewhere else. */
  | { readonly kind: 'misroute'; readonly to: LabAddress }
  /** Every scheme: the tunnel leads to something that answers the first bytes in plain text. */
  | { readonly kind: 'not-tls' }
  /** Every scheme: the tunnel is up and leads nowhere. */
  | { readonly kind: 'tunnel-silence' }

/**
 * What becomes of the tunnel. `either`: standards leave it to the client. `slow`: none before a deadline that
 * is shorter than one period for each byte of the answer, the first excepted (SOCKS5's shortest has two).
 */
export type FaultEffect = 'no tunnel' | 'tunnel' | 'broken tunnel' | 'either' | 'slow'

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

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

/** A reply of SOCKS5 ends by itself, so what goes on behind it is already the tunnel. */
function effectOf(verb: Misbehaviour, scheme: LabScheme): FaultEffect {
  if (verb === 'drip') return 'slow'
  return verb === 'endless' && scheme === 'socks5' ? 'broken tunnel' : 'no tunnel'
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
  named(HTTP, 'either', 'status 204', { kind: 'status', status: 204 }),
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
  named(HTTP, 'either', 'a malformed header', { kind: 'malformed-header', line: 'this is no header' }),
  named(HTTP, 'either', 'bare line feeds', { kind: 'lf-only' }),
  named(EVERY, 'tunnel', 'answers in single bytes', { kind: 'split' }),
  named(EVERY, 'broken tunnel', 'bytes behind the answer', {
    kind: 'trailing',
    bytes: 'SSH-2.0-OpenSSH_9.6\r\n',
  }),
]

const socks = [
  ...(['method', 'auth', 'request'] as const).map((at) =>
    named(SOCKS5, 'no tunnel', `version 4 in the answer to the ${at}`, {
      kind: 'socks-version',
      at,
      version: 4,
    }),
  ),
  named(SOCKS4, 'no tunnel', 'version 5 in the reply', { kind: 'socks-version', at: 'request', version: 5 }),
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
 * Every fault, under a name that is unique for each scheme. `misroute` is missing, as it needs an address.
 * The stages of SOCKS5's `auth` only come up where the client offers credentials and the proxy asks for them.
 */
export const ALL_FAULTS: readonly NamedFault[] = [...stages, ...answers, ...socks, ...tunnels]

/** The faults that a proxy of this scheme can have. */
export function faultsFor(scheme: LabScheme): readonly NamedFault[] {
  return ALL_FAULTS.filter(({ schemes }) => schemes.includes(scheme))
}
