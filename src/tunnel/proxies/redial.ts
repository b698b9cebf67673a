import type { Attempt } from '../attempt.js'
import { watchPort, type ProxyAddress } from './port-watch.js'

/** A TCP connection that has not come about by then waits for the repetition of a SYN, or for ever. */
const HANGS_MS = 1_000

/** Ends an attempt that is to be made once more. */
export const REDIAL = new Error('the port of the proxy answers meanwhile')

/**
 * Ends an attempt that hangs while it connects to a proxy, as soon as the proxy's port answers someone else: the
 * kernel would send the next SYN up to 32 seconds later.
 *
 * @returns stops watching
 */
export function redialWhenPortAnswers(attempt: Attempt, address: ProxyAddress | undefined): () => void {
  if (address === undefined) return () => undefined
  const connects = (): boolean => attempt.phase === 'proxy-connect' || attempt.phase === 'proxy-dns'
  let unwatch: (() => void) | undefined
  const timer = setTimeout(() => {
    if (!connects()) return
    unwatch = watchPort(address, () => {
      if (connects()) attempt.end(REDIAL)
    })
  }, HANGS_MS)
  timer.unref()
  return () => {
    clearTimeout(timer)
    unwatch?.()
  }
}
