import { watchPort, type ProxyAddress } from './port-watch.js'
import type { Standing } from './standing.js'

/**
 * Waits until a proxy that failed may be tried again: until its rest is over and, if its port did not answer, until
 * the port answers. Does not keep the process alive.
 */
export class Recovery {
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  #unwatch: (() => void) | undefined

  /** @param retry tries the proxy; its signal aborts when nobody wants the answer any more */
  constructor(standing: Standing, address: ProxyAddress | undefined, retry: (signal: AbortSignal) => void) {
    const ready = (): void => {
      standing.rested()
      retry(this.#abort.signal)
    }
    this.#timer = setTimeout(
      () => {
        if (standing.down?.atHop === true && address !== undefined) this.#unwatch = watchPort(address, ready)
        else ready()
      },
      Math.max(0, standing.restsUntil - performance.now()),
    ).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#unwatch?.()
    this.#abort.abort()
  }
}
