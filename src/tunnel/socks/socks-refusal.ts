import type { TransportError, TransportErrorCode } from '../../errors.js'
import { failure, type Hop } from '../failures.js'
import { MAX_ANSWER_BYTES, schemeHint, type Heard } from '../heard.js'

/** What happened, as far as the bytes do not say it themselves. */
export interface SocksFailure {
  readonly version: 4 | 5
  readonly heard: Heard
  readonly hop: Hop
  readonly hasCredentials: boolean
  /** The socket's own error, if it had one. */
  readonly cause: Error | undefined
}

/**
 * Names a failed SOCKS handshake from what the proxy said. The client's own errors are not used: they name
 * the reply but not its step, and carry the options with the credentials.
 */
export function socksRefusal(failed: SocksFailure): TransportError {
  const { heard, hop, cause } = failed
  const proxy = `the proxy ${hop.proxy ?? ''}`
  if (heard.tooMuch) {
    const what = `${proxy} sent more than ${MAX_ANSWER_BYTES / 1024} KiB without finishing its answer`
    return failure('ERR_PROXY_PROTOCOL', 'tunnel', what, undefined, hop, {
      hint: schemeHint(heard.speaks, hop),
      retryable: false,
    })
  }
  const spoken = failed.version === 5 ? socks5Refusal(failed, proxy) : socks4Refusal(failed, proxy)
  if (spoken !== undefined) return spoken
  if (cause !== undefined) {
    return failure(
      'ERR_PROXY_UNREACHABLE',
      'tunnel',
      `${proxy} broke the connection before it opened a tunnel`,
      cause,
      hop,
      {
        hint: 'The proxy may have restarted, or it may refuse this client: look into its log.',
      },
    )
  }
  const when = heard.bytes === 0 ? 'without answering' : 'in the middle of its answer'
  return failure('ERR_PROXY_PROTOCOL', 'tunnel', `${proxy} closed the connection ${when}`, undefined, hop, {
    hint:
      heard.bytes === 0
        ? schemeHint('nothing', hop)
        : 'The proxy may have restarted, or it may refuse this client: look into its log.',
  })
}

/** RFC 1928 §3 (method reply), RFC 1929 §2 (its status), RFC 1928 §6 (reply), in this order. */
function socks5Refusal(
  { heard, hop, hasCredentials }: SocksFailure,
  proxy: string,
): TransportError | undefined {
  const [version, method, authVersion, status] = heard.first
  if (version === undefined) return undefined
  if (version !== 5) return wrongVersion(heard, hop, proxy)
  if (method === undefined) return undefined
  if (method === 0xff || (method !== 0 && method !== 2) || (method === 2 && !hasCredentials)) {
    const wants = hasCredentials ? 'accepts none of our ways to authenticate' : 'wants credentials'
    return failure(
      'ERR_PROXY_AUTH',
      'proxy-auth',
      `${proxy} ${wants} (SOCKS5 method ${method})`,
      undefined,
      hop,
      {
        hint: hasCredentials
          ? 'This client offers "no authentication" and "username/password": allow one of them at the proxy.'
          : 'Put them into the proxy URL, percent-encoded: socks5://user:password@host:port.',
        retryable: false,
      },
    )
  }
  if (method === 2 && status === undefined) return undefined
  if (method === 2 && authVersion !== 1) return wrongVersion(heard, hop, proxy)
  if (method === 2 && status !== 0) {
    return failure(
      'ERR_PROXY_AUTH',
      'proxy-auth',
      `${proxy} refused the credentials (SOCKS5 status ${status ?? ''})`,
      undefined,
      hop,
      {
        hint: 'Check the user name and the password in the proxy URL; @ : / % in them must be percent-encoded.',
        retryable: false,
      },
    )
  }
  const [replyVersion, reply] = heard.first.subarray(method === 2 ? 4 : 2)
  if (replyVersion === undefined) return undefined
  if (replyVersion !== 5) return wrongVersion(heard, hop, proxy)
  if (reply === undefined || reply === 0) return undefined
  const { code, says, hint, retryable } = SOCKS5_REPLIES[reply] ?? UNKNOWN_REPLY
  return failure(code, 'tunnel', `${proxy} ${says} ${hop.target} (SOCKS5 reply ${reply})`, undefined, hop, {
    hint,
    retryable,
  })
}

interface Reply {
  readonly code: TransportErrorCode
  readonly says: string
  readonly hint: string
  readonly retryable: boolean
}

const WAY_OUT = 'The proxy itself is reachable: check its DNS and its way out.'

/** RFC 1928 §6. */
const SOCKS5_REPLIES: Readonly<Partial<Record<number, Reply>>> = {
  1: {
    code: 'ERR_TARGET_UNREACHABLE',
    says: 'failed, without saying why, to reach',
    hint: WAY_OUT,
    retryable: true,
  },
  2: {
    code: 'ERR_PROXY_DENIED',
    says: 'refused a tunnel to',
    hint: "The answer is the proxy's, not Discord's: its rules must allow this destination.",
    retryable: false,
  },
  3: { code: 'ERR_TARGET_UNREACHABLE', says: 'has no network to', hint: WAY_OUT, retryable: true },
  4: { code: 'ERR_TARGET_UNREACHABLE', says: 'cannot reach the host', hint: WAY_OUT, retryable: true },
  5: { code: 'ERR_TARGET_UNREACHABLE', says: 'was refused a connection by', hint: WAY_OUT, retryable: true },
  6: {
    code: 'ERR_TARGET_UNREACHABLE',
    says: 'saw the TTL expire on the way to',
    hint: WAY_OUT,
    retryable: true,
  },
  7: {
    code: 'ERR_PROXY_PROTOCOL',
    says: 'does not support the CONNECT command, asked for',
    hint: 'This SOCKS server opens no outgoing connections: use another one.',
    retryable: false,
  },
  8: {
    code: 'ERR_PROXY_PROTOCOL',
    says: 'does not support this type of address, asked for',
    hint: "This SOCKS server cannot resolve names itself: set dns: 'local', or use another one.",
    retryable: false,
  },
}

const UNKNOWN_REPLY: Reply = {
  code: 'ERR_PROXY_PROTOCOL',
  says: 'gave an unknown reply for',
  hint: 'RFC 1928 knows no such reply: check that this port is a SOCKS5 proxy.',
  retryable: false,
}

/** The SOCKS4 protocol memo: a reply of version 0, then 90 to 93. */
function socks4Refusal({ heard, hop }: SocksFailure, proxy: string): TransportError | undefined {
  const [version, reply] = heard.first
  if (version === undefined) return undefined
  if (version !== 0) return wrongVersion(heard, hop, proxy)
  if (reply === undefined || reply === 90) return undefined
  if (reply === 91) {
    return failure(
      'ERR_PROXY_DENIED',
      'tunnel',
      `${proxy} rejected or failed a tunnel to ${hop.target} (SOCKS4 reply 91)`,
      undefined,
      hop,
      {
        hint: 'SOCKS4 does not say whether its rules or its way out failed, or whether it takes no names (Dante knows SOCKS4 but not 4a): look into its log, or use socks5://.',
      },
    )
  }
  if (reply === 92 || reply === 93) {
    return failure(
      'ERR_PROXY_AUTH',
      'proxy-auth',
      `${proxy} does not accept this user (SOCKS4 reply ${reply})`,
      undefined,
      hop,
      {
        hint: 'The proxy asks identd for the user: put the user id it expects into the proxy URL, or use socks5://.',
        retryable: false,
      },
    )
  }
  return failure(
    'ERR_PROXY_PROTOCOL',
    'tunnel',
    `${proxy} gave an unknown reply (SOCKS4 reply ${reply})`,
    undefined,
    hop,
    {
      hint: 'Check that this port is a SOCKS4 proxy, or write socks5://.',
      retryable: false,
    },
  )
}

/** The bytes that a complete, granted answer takes; whatever follows belongs to the tunnel. */
export function socksAnswerLength({ first }: Heard, version: 4 | 5): number {
  if (version === 4) return 8
  const start = first[1] === 2 ? 4 : 2
  const addressLength = ADDRESS_LENGTHS[first[start + 3] ?? 0] ?? 1 + (first[start + 4] ?? 0)
  return start + 4 + addressLength + 2
}

/** RFC 1928 §5: IPv4 and IPv6; a name (type 3) carries its own length. */
const ADDRESS_LENGTHS: Readonly<Partial<Record<number, number>>> = { 1: 4, 4: 16 }

function wrongVersion(heard: Heard, hop: Hop, proxy: string): TransportError {
  return failure(
    'ERR_PROXY_PROTOCOL',
    'tunnel',
    `${proxy} does not speak this version of SOCKS`,
    undefined,
    hop,
    {
      // Right at first and wrong later: then another scheme is no help.
      hint: schemeHint(heard.speaks === 'socks5' ? 'unknown' : heard.speaks, hop),
      retryable: false,
    },
  )
}
