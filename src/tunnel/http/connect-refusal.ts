import type { TransportError } from '../../errors.js'
import { text } from '../../messages/index.js'
import { failure, fault, hasRow } from '../fault.js'
import type { HttpProxyRequest } from '../proxy-request.js'
import { notHttp, type ReceivedAnswer } from '../received-answer.js'

/** The proxy's answer to CONNECT, as https-proxy-agent reports it. */
export interface ConnectReply {
  readonly statusCode: number
  readonly statusText: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

const CREDENTIALS_WANTED = fault(
  'ERR_PROXY_AUTH',
  'proxy-auth',
  'route.auth.wanted',
  'route.auth.wanted.http.hint',
)
const CREDENTIALS_REFUSED = fault('ERR_PROXY_AUTH', 'proxy-auth', 'route.auth.refused')

/** RFC 9110 §9.3.6 allows any 2xx. https-proxy-agent has closed that tunnel, and no known proxy sends one. */
const NOT_200 = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.connect.not-200')
const NO_CONNECT = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.connect.none')
const UNREACHABLE = fault(
  'ERR_TARGET_UNREACHABLE',
  'tunnel',
  'route.connect.unreachable',
  'route.way-out.hint',
)
const DENIED = fault('ERR_PROXY_DENIED', 'tunnel', 'route.connect.denied')

/** Any other status from 300 on is {@link DENIED}. */
const STATUSES = {
  400: NO_CONNECT,
  // Privoxy's "No such domain".
  404: UNREACHABLE,
  405: NO_CONNECT,
  429: { ...DENIED, retryable: true },
  500: UNREACHABLE,
  501: NO_CONNECT,
  502: UNREACHABLE,
  503: UNREACHABLE,
  504: fault('ERR_TARGET_TIMEOUT', 'tunnel', 'route.connect.timeout'),
} as const

/** The failure of any answer to CONNECT but 200. Its message says that the answer is the proxy's, not Discord's. */
export function connectRefusal(
  reply: ConnectReply | undefined,
  refused: HttpProxyRequest,
  received: ReceivedAnswer,
): TransportError {
  const { via, authorization } = refused
  if (reply === undefined || !isStatus(reply.statusCode)) return notHttp(received.speaks, via)
  const { statusCode } = reply
  const answer = answerOf(reply, refused)
  // tinyproxy answers 407 if there are no credentials, and 401 if they are wrong.
  if (statusCode === 407 || statusCode === 401) {
    const refusal = authorization === undefined ? CREDENTIALS_WANTED : CREDENTIALS_REFUSED
    const offered = otherSchemes(reply, refused)
    const hint = offered === undefined ? {} : { hint: text('route.auth.other.hint', { offered }) }
    return failure(refusal, via, { answer }, hint)
  }
  if (statusCode < 300) return failure(NOT_200, via, { answer })
  return failure(hasRow(STATUSES, statusCode) ? STATUSES[statusCode] : DENIED, via, { answer })
}

/** The status line, and the reason that Squid gives in a header: `ERR_CONNECT_FAIL 113` ends in an errno. */
function answerOf({ statusCode, statusText, headers }: ConnectReply, { clean }: HttpProxyRequest): string {
  const reason = [headers['x-squid-error'] ?? []].flat().join(', ')
  const status = `${statusCode} ${clean(statusText)}`.trim()
  return reason === '' ? status : `${status}, ${clean(reason)}`
}

function isStatus(code: number): boolean {
  return Number.isInteger(code) && code >= 100 && code <= 599
}

/** The authentication schemes that the proxy offers; undefined where Basic is one of them, or none is named. */
function otherSchemes({ headers }: ConnectReply, { clean }: HttpProxyRequest): string | undefined {
  const schemes = [headers['proxy-authenticate'] ?? []].flat().flatMap(offeredSchemes)
  const basic = schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === 'basic')
  return basic ? undefined : clean(schemes.join(', '))
}

/** RFC 9110 §11.6.1: one header can offer several schemes. Commas separate them, and also their parameters. */
function offeredSchemes(challenges: string): string[] {
  const parts = challenges.replace(/"(?:[^"\\]|\\.)*"/g, '""').split(',')
  return parts.flatMap((part) => /^[\w-]+(?=\s+\S|$)/.exec(part.trim())?.[0] ?? [])
}
