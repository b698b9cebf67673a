import { systemCode, TransportError, type TransportPhase } from '../errors.js'
import { say, text } from '../messages/index.js'
import { failure, fault, type Via } from './fault.js'
import { isKnownTlsCode, proxyTlsHint, targetTlsHint } from './tls-hints.js'

/** A deadline that expired. The phase decides whether the proxy or the destination was silent. */
export function timeoutError(via: Via, phase: TransportPhase, timeoutMs: number): TransportError {
  const byTarget = via.proxy === null || phase.startsWith('target-') || phase === 'exchange'
  const silent = byTarget
    ? fault('ERR_TARGET_TIMEOUT', phase, `route.timeout.${phase}`, 'route.timeout.target.hint')
    : fault('ERR_PROXY_TIMEOUT', phase, `route.timeout.${phase}`, 'route.timeout.proxy.hint')
  const peer = byTarget ? via.target : say('route.timeout.peer.proxy', { proxy: via.proxy })
  const direct = via.proxy === null ? { hint: text('route.timeout.direct.hint') } : {}
  return failure(silent, via, { peer, timeoutMs }, direct)
}

const IMPOSSIBLE_TARGET = fault('ERR_TARGET_UNREACHABLE', 'target-dns', 'route.target.impossible')

/** What was asked for is neither an address nor a name of DNS, or its port is none. */
export function impossibleTarget(via: Via): TransportError {
  return failure({ ...IMPOSSIBLE_TARGET, retryable: false }, via, {})
}

/** The failures of a step by a system error. A failed TLS handshake and a broken exchange have functions of their own. */
const STEPS = {
  config: fault('ERR_PROXY_UNREACHABLE', 'pac', 'route.pac.not-loaded'),
  pac: fault('ERR_PROXY_UNREACHABLE', 'pac', 'route.pac.not-loaded'),
  'proxy-dns': fault('ERR_PROXY_UNREACHABLE', 'proxy-dns', 'route.proxy-dns'),
  'proxy-connect': fault('ERR_PROXY_UNREACHABLE', 'proxy-connect', 'route.proxy-connect'),
  'proxy-auth': fault('ERR_PROXY_UNREACHABLE', 'proxy-auth', 'route.proxy-broke'),
  tunnel: fault('ERR_PROXY_UNREACHABLE', 'tunnel', 'route.proxy-broke'),
  'target-dns': fault('ERR_TARGET_UNREACHABLE', 'target-dns', 'route.target-dns'),
  'target-connect': fault('ERR_TARGET_UNREACHABLE', 'target-connect', 'route.target-connect'),
} as const

/**
 * Names the error of a step: the phase tells which peer failed, and the error tells the reason. A
 * {@link TransportError} passes unchanged, and so does a value that is not an Error (the reason of a caller's abort).
 */
export function nameFailure(error: unknown, phase: TransportPhase, via: Via): unknown {
  if (error instanceof TransportError || !(error instanceof Error)) return error
  if (isTlsFailure(error) || phase === 'proxy-tls' || phase === 'target-tls')
    return tlsError(error, phase, via)
  return phase === 'exchange' ? connectionLost(error, via) : stepFailure(error, phase, via)
}

/** The failure of a step that opens a tunnel. */
export function stepFailure(cause: Error, phase: keyof typeof STEPS, via: Via): TransportError {
  const direct = phase === 'target-dns' && via.proxy === null
  const hint = direct ? { hint: text('route.target-dns.direct.hint') } : {}
  return failure(STEPS[phase], via, {}, { cause, ...hint })
}

/** A working connection broke before the answer was complete. */
export function connectionLost(error: Error, via: Via, retryable = false): TransportError {
  // Retry logic of discord.js and others looks for ECONNRESET; a plain end has no code of its own, and Node's
  // http module calls it by this one.
  const systemName = systemCode(error)
  const known = systemName?.startsWith('E') === true && !systemName.startsWith('ERR_')
  const { proxy, target } = via
  const code = known ? systemName : 'ECONNRESET'
  const message =
    proxy === null ? say('route.lost.direct', { target, code }) : say('route.lost', { target, proxy, code })
  return new TransportError(message, {
    ...via,
    code: 'ERR_CONNECTION_LOST',
    phase: 'exchange',
    hint: retryable ? text('route.lost.repeatable.hint') : text('route.lost.hint'),
    retryable,
    cause: error,
  })
}

/** `transport.close()` was called. */
export function closedError(via?: Via): TransportError {
  return new TransportError(say('route.closed'), {
    ...via,
    code: 'ERR_TRANSPORT_CLOSED',
    phase: 'exchange',
    hint: text('route.closed.hint'),
    retryable: false,
  })
}

function isTlsFailure(error: Error): boolean {
  const code = systemCode(error) ?? ''
  // A certificate that is not accepted has a code of OpenSSL, such as CERT_HAS_EXPIRED.
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || isKnownTlsCode(code)
}

const PROXY_TLS = fault('ERR_PROXY_TLS', 'proxy-tls', 'route.tls.proxy', 'route.tls.proxy.broken.hint')
const TARGET_TLS = fault('ERR_TARGET_TLS', 'target-tls', 'route.tls.target', 'route.tls.target.broken.hint')

function tlsError(cause: Error, phase: TransportPhase, via: Via): TransportError {
  const retryable = !isTlsFailure(cause) && systemCode(cause) === 'ECONNRESET'
  const ofTarget = phase.startsWith('target-') || phase === 'exchange' || via.proxy === null
  return ofTarget
    ? failure(TARGET_TLS, via, {}, { cause, retryable, hint: targetTlsHint(cause, via.target) })
    : failure(PROXY_TLS, via, {}, { cause, retryable, hint: proxyTlsHint(cause) })
}
