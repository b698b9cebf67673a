import type { TransportError } from '../../errors.js'
import { failure, type Hop } from '../failures.js'
import { schemeHint, type Heard } from '../heard.js'

/** The proxy's answer to CONNECT, as https-proxy-agent reports it. */
export interface ConnectReply {
  readonly statusCode: number
  readonly statusText: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface RefusedConnect {
  readonly hop: Hop
  readonly authorization: string | undefined
  /** Masks our own credentials and control characters in what the proxy wrote. */
  readonly clean: (text: string) => string
}

/** Names any answer to CONNECT but 200. The proxy says it, and so does the message: it is not Discord's. */
export function connectRefusal(
  reply: ConnectReply | undefined,
  refused: RefusedConnect,
  heard: Heard,
): TransportError {
  const { hop } = refused
  const proxy = `the proxy ${hop.proxy ?? ''}`
  if (reply === undefined || !isStatus(reply.statusCode)) {
    return failure(
      'ERR_PROXY_PROTOCOL',
      'tunnel',
      `${proxy} does not answer as an HTTP proxy`,
      undefined,
      hop,
      {
        hint: schemeHint(heard.speaks, hop),
        retryable: false,
      },
    )
  }
  const { statusCode } = reply
  const answer = answerOf(reply, refused)
  // tinyproxy answers 407 to no credentials and 401 to wrong ones.
  if (statusCode === 407 || statusCode === 401) {
    const what = refused.authorization === undefined ? 'wants credentials' : 'refused the credentials'
    return failure('ERR_PROXY_AUTH', 'proxy-auth', `${proxy} ${what} (${answer})`, undefined, hop, {
      hint: authenticationHint(reply, refused),
      retryable: false,
    })
  }
  if (statusCode < 300) {
    // RFC 9110 §9.3.6 would let any 2xx open the tunnel; https-proxy-agent has closed it, and no known proxy sends one.
    return failure(
      'ERR_PROXY_PROTOCOL',
      'tunnel',
      `${proxy} answered CONNECT with ${answer} in place of 200`,
      undefined,
      hop,
      {
        hint: 'Look for an update of the proxy, or point the proxy URL at its CONNECT port.',
        retryable: false,
      },
    )
  }
  switch (statusCode) {
    case 504:
      return failure(
        'ERR_TARGET_TIMEOUT',
        'tunnel',
        `${proxy} got no connection to ${hop.target} in time (${answer})`,
        undefined,
        hop,
        {
          hint: 'The proxy itself is reachable: its way out is slow or blocked for this destination.',
        },
      )
    // Privoxy's "No such domain".
    case 404:
    case 500:
    case 502:
    case 503:
      return failure(
        'ERR_TARGET_UNREACHABLE',
        'tunnel',
        `${proxy} could not reach ${hop.target} (${answer})`,
        undefined,
        hop,
        {
          hint: 'The proxy itself is reachable: check its DNS and its way out.',
        },
      )
    case 400:
    case 405:
    case 501:
      return failure(
        'ERR_PROXY_PROTOCOL',
        'tunnel',
        `${proxy} does not accept CONNECT (${answer})`,
        undefined,
        hop,
        {
          hint: 'This looks like a web server or a reverse proxy: check the port of the proxy URL.',
          retryable: false,
        },
      )
    default:
      return failure(
        'ERR_PROXY_DENIED',
        'tunnel',
        `${proxy} refused a tunnel to ${hop.target} (${answer})`,
        undefined,
        hop,
        {
          hint: `The answer is the proxy's, not Discord's: its policy must allow CONNECT to ${hop.target}.`,
          retryable: statusCode === 429,
        },
      )
  }
}

/** The status line, and the reason that Squid gives in a header: `ERR_CONNECT_FAIL 113` ends in an errno. */
function answerOf({ statusCode, statusText, headers }: ConnectReply, { clean }: RefusedConnect): string {
  const reason = [headers['x-squid-error'] ?? []].flat().join(', ')
  const status = `${statusCode} ${clean(statusText)}`.trim()
  return reason === '' ? status : `${status}, ${clean(reason)}`
}

function isStatus(code: number): boolean {
  return Number.isInteger(code) && code >= 100 && code <= 599
}

function authenticationHint(reply: ConnectReply, { authorization, clean }: RefusedConnect): string {
  const schemes = [reply.headers['proxy-authenticate'] ?? []].flat().flatMap(offeredSchemes)
  const basic = schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === 'basic')
  if (!basic)
    return `The proxy offers ${clean(schemes.join(', '))}: give a header value for it as proxyAuthorization.`
  return authorization === undefined
    ? 'Put them into the proxy URL, percent-encoded: http://user:password@host:port.'
    : 'Check the user name and the password in the proxy URL; @ : / % in them must be percent-encoded.'
}

/** RFC 9110 §11.6.1: one header may offer several, between commas that also part the parameters of each. */
function offeredSchemes(challenges: string): string[] {
  const parts = challenges.replace(/"(?:[^"\\]|\\.)*"/g, '""').split(',')
  return parts.flatMap((part) => /^[\w-]+(?=\s+\S|$)/.exec(part.trim())?.[0] ?? [])
}
