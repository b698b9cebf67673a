import { watchPort, type ProxyAddress } from './port-watch.js'
import type { Standing } from './standing.js'

/**
 * Waits until a proxy that failed may be tried again: until its rest is over and, if its port did not answer, until
 * the port answers. Does not keep the process alive.
 *
 * @param retry tries the proxy; its signal aborts when nobody wants the answer any more
 * @returns ends the wait and the try
 */
export function recover(
  standing: Standing,
  address: ProxyAddress | undefined,
  retry: (signal: AbortSignal) => void,
): () => void {
  const abort = new AbortController()
  let unwatch: (() => void) | undefined
  const ready = (): void => {
    standing.rested()
    retry(abort.signal)
  }
  const rest = (): void => {
    if (standing.down?.atHop === true && address !== undefined) unwatch = watchPort(address, ready)
    else ready()
  }
  const timer = setTimeout(rest, Math.max(0, standing.restsUntil - performance.now())).unref()
  return () => {
    clearTimeout(timer)
    unwatch?.()
    abort.abort()
  }
}
