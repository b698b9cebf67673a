import { failureOf, TransportError, type TransportErrorCode } from '../../errors.js'
import { say } from '../../messages/index.js'

/**
 * What a failed attempt says about its proxy: it failed itself, it refused the destination, or neither, where what is
 * behind it failed.
 */
export type Blame = 'proxy' | 'denied' | 'behind'

const BLAMES: Readonly<Partial<Record<TransportErrorCode, Blame>>> = {
  ERR_PROXY_UNREACHABLE: 'proxy',
  ERR_PROXY_TIMEOUT: 'proxy',
  ERR_PROXY_TLS: 'proxy',
  ERR_PROXY_AUTH: 'proxy',
  ERR_PROXY_PROTOCOL: 'proxy',
  // Of its PAC script, or of the function that is asked for its credentials.
  ERR_PROXY_CONFIG: 'proxy',
  ERR_PROXY_DENIED: 'denied',
}

/** An error that is no TransportError is not the proxy's. */
export function blame(error: unknown): Blame {
  return (error instanceof TransportError ? BLAMES[error.code] : undefined) ?? 'behind'
}

/** Whether no TCP connection to the proxy came about, so that nothing behind it was reached. */
export function isHopFailure({ code, phase }: TransportError): boolean {
  const isHop = phase === 'proxy-dns' || phase === 'proxy-connect'
  return isHop && (code === 'ERR_PROXY_UNREACHABLE' || code === 'ERR_PROXY_TIMEOUT')
}

/** What failed at each proxy that was tried. */
export function failuresOf(error: TransportError): readonly TransportError[] {
  return error.failures.length === 0 ? [error] : error.failures.flatMap(failuresOf)
}

/** Whether all proxies of a failed connection, or some of them, could not be connected to. */
export function outageOf(error: unknown): 'all' | 'some' | 'none' {
  if (!(error instanceof TransportError)) return 'none'
  const failures = failuresOf(error)
  const hops = failures.filter(isHopFailure)
  return hops.length === 0 ? 'none' : hops.length === failures.length ? 'all' : 'some'
}

/**
 * The error of an attempt that none of several proxies served.
 *
 * @param failures in order of preference
 */
export function allFailed(failures: readonly TransportError[]): TransportError | undefined {
  const [first] = failures
  if (first === undefined || failures.length === 1) return first
  const message = say('route.list.failed', { message: first.message, proxies: failures.length })
  return failureOf(first, { message, retryable: failures.some(({ retryable }) => retryable), failures })
}
