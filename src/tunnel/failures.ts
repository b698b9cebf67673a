import { text, type Text } from '../messages/index.js'
import { proxyTlsHint, targetTlsHint } from './tls-hints.js'
import { systemCode, TransportError, type TransportErrorCode, type TransportPhase } from '../errors.js'

/** Whom a failure is about. */
export interface Hop {
  /** The proxy's redacted URL; null on a direct route. */
  readonly proxy: string | null
  /** `host:port`. */
  readonly target: string
}

/** A deadline that fired: who kept us waiting depends on the phase. */
export function timeoutError(hop: Hop, phase: TransportPhase, timeoutMs: number): TransportError {
  const byTarget = hop.proxy === null || phase.startsWith('target-') || phase === 'exchange'
  const who = byTarget ? hop.target : `The proxy ${hop.proxy}`
  return new TransportError(`${who} ${SILENCE[phase]} within ${timeoutMs} ms`, {
    ...hop,
    code: byTarget ? 'ERR_TARGET_TIMEOUT' : 'ERR_PROXY_TIMEOUT',
    phase,
    hint: timeoutHint(hop, byTarget),
    retryable: true,
  })
}

function timeoutHint(hop: Hop, byTarget: boolean): Text {
  if (hop.proxy === null) return text('route.timeout.direct.hint')
  return byTarget ? text('route.timeout.target.hint') : text('route.timeout.proxy.hint')
}

const SILENCE: Record<TransportPhase, string> = {
  config: 'was not configured',
  pac: 'did not deliver its PAC script',
  'proxy-dns': 'could not be looked up',
  'proxy-connect': 'did not accept a TCP connection',
  'proxy-tls': 'did not finish its TLS handshake',
  'proxy-auth': 'did not answer the authentication',
  tunnel: 'did not answer the tunnel request',
  'target-dns': 'could not be looked up',
  'target-connect': 'did not accept a TCP connection',
  'target-tls': 'did not finish its TLS handshake',
  exchange: 'did not answer',
}

/**
 * Names an error that came out of a step: the phase says whose it is, the error itself why. A
 * {@link TransportError} and whatever is not an Error (a caller's abort reason) pass unchanged.
 */
export function nameFailure(error: unknown, phase: TransportPhase, hop: Hop): unknown {
  if (error instanceof TransportError || !(error instanceof Error)) return error
  if (isTlsFailure(error) || phase === 'proxy-tls' || phase === 'target-tls')
    return tlsError(error, phase, hop)
  switch (phase) {
    case 'config':
    case 'pac':
      return failure(
        'ERR_PROXY_UNREACHABLE',
        'pac',
        `The PAC script of ${proxyName(hop)} could not be loaded`,
        error,
        hop,
        {
          hint: 'Open the PAC URL without its "pac+" in a browser or with curl: it must be served without a proxy.',
        },
      )
    case 'proxy-dns':
      return failure(
        'ERR_PROXY_UNREACHABLE',
        phase,
        `The name of ${proxyName(hop)} could not be looked up`,
        error,
        hop,
        {
          hint: 'Check the host in the proxy URL; inside a container, localhost is the container itself.',
        },
      )
    case 'proxy-connect':
      return failure('ERR_PROXY_UNREACHABLE', phase, `No connection to ${proxyName(hop)}`, error, hop, {
        hint: 'Check that the proxy runs and listens on this host and port; inside a container, 127.0.0.1 is the container itself.',
      })
    case 'proxy-auth':
    case 'tunnel':
      return failure(
        'ERR_PROXY_UNREACHABLE',
        phase,
        `${proxyName(hop)} broke the connection before it opened a tunnel`,
        error,
        hop,
        {
          hint: 'The proxy may have restarted, or it may refuse this client: look into its log.',
        },
      )
    case 'target-dns':
      return failure(
        'ERR_TARGET_UNREACHABLE',
        phase,
        `The name of ${hop.target} could not be looked up here`,
        error,
        hop,
        {
          hint:
            hop.proxy === null
              ? 'Check DNS on this host, or set a proxy: it resolves names itself.'
              : "This scheme or dns: 'local' resolves names on this host; socks5h, socks4a and http resolve them at the proxy.",
        },
      )
    case 'target-connect':
      return failure('ERR_TARGET_UNREACHABLE', phase, `No connection to ${hop.target}`, error, hop, {
        hint: 'This route is direct: check the network, or set a proxy.',
      })
    case 'exchange':
      return connectionLost(error, hop)
  }
}

/** A working connection broke before the answer was complete. */
export function connectionLost(error: Error, hop: Hop, retryable = false): TransportError {
  // Retry logic of discord.js and others looks for ECONNRESET; a plain end has no code of its own, and Node's
  // http module calls it by this one.
  const code = systemCode(error)
  const known = code?.startsWith('E') === true && !code.startsWith('ERR_') ? code : 'ECONNRESET'
  const via = hop.proxy === null ? '' : ` through ${hop.proxy}`
  return new TransportError(
    `The connection to ${hop.target}${via} was lost before the answer was complete (${known})`,
    {
      ...hop,
      code: 'ERR_CONNECTION_LOST',
      phase: 'exchange',
      hint: retryable
        ? 'The request can be repeated without harm.'
        : 'The request may have been carried out: check before repeating it.',
      retryable,
      cause: error,
    },
  )
}

/** `transport.close()` was called. */
export function closedError(hop?: Hop): TransportError {
  return new TransportError('The transport is closed', {
    ...hop,
    code: 'ERR_TRANSPORT_CLOSED',
    phase: 'exchange',
    hint: 'close() was called on this transport: create a new one.',
    retryable: false,
  })
}

interface FailureOptions {
  readonly hint: string | Text
  readonly retryable?: boolean
}

/** A failure with its cause: the system code stands in the message, where logs and retry logic see it. */
export function failure(
  code: TransportErrorCode,
  phase: TransportPhase,
  what: string,
  cause: Error | undefined,
  hop: Hop,
  { hint, retryable = true }: FailureOptions,
): TransportError {
  const reason = cause === undefined ? '' : `: ${describe(cause)}`
  const sentence = what.charAt(0).toUpperCase() + what.slice(1)
  return new TransportError(`${sentence}${reason}`, { ...hop, code, phase, hint, retryable, cause })
}

function proxyName(hop: Hop): string {
  return `the proxy ${hop.proxy ?? '(none)'}`
}

/**
 * An AggregateError (happy eyeballs) has an empty message: its members say why. OpenSSL's holds addresses and
 * source lines: its reason is enough.
 */
function describe(error: Error): string {
  const code = systemCode(error)
  const text =
    error instanceof AggregateError
      ? error.errors.map(String).join('; ')
      : (opensslReason(error) ?? error.message)
  if (code === undefined || text.includes(code)) return text
  return text === '' ? code : `${text} (${code})`
}

/** Some of OpenSSL's errors carry it as a field, all of them in their fourth part. */
function opensslReason(error: Error): string | undefined {
  return /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message)?.[1]
}

function isTlsFailure(error: Error): boolean {
  const code = systemCode(error)
  return code?.startsWith('ERR_SSL_') === true || code?.startsWith('ERR_TLS_') === true || code === 'EPROTO'
}

function tlsError(error: Error, phase: TransportPhase, hop: Hop): TransportError {
  const ofTarget = phase.startsWith('target-') || phase === 'exchange' || hop.proxy === null
  const who = ofTarget ? hop.target : proxyName(hop)
  return failure(
    ofTarget ? 'ERR_TARGET_TLS' : 'ERR_PROXY_TLS',
    ofTarget ? 'target-tls' : 'proxy-tls',
    `TLS to ${who} failed`,
    error,
    hop,
    {
      hint: ofTarget ? targetTlsHint(error, hop.target) : proxyTlsHint(error),
      retryable: !isTlsFailure(error) && systemCode(error) === 'ECONNRESET',
    },
  )
}
