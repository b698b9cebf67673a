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
  /** https: once the ClientHello has come. `cut-short` sends half of the server's flight, then FIN; `drip` all of it. */
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
