import { TransportError } from '../errors.js'
import type { GatewayLinks } from './links.js'
import type { NextStep } from './reconnect-policy.js'

/** How long to wait, and for what. */
type Delay = Pick<Extract<NextStep, { readonly kind: 'reconnect' }>, 'delayMs' | 'awaitsProxy'>

/** An attempt is made after so long although the port of the proxy did not answer the looks at it. */
const MAX_PROXY_WAIT_MS = 10 * 60_000

/** The wait of a shard before its next attempt: for its delay, or for the port of the proxy. */
export class ReconnectWait {
  readonly #go: (proxyReturned: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #stopAwaiting: (() => void) | undefined

  /** @param go called when the wait is over */
  constructor(go: (proxyReturned: boolean) => void) {
    this.#go = go
  }

  /**
   * @param error of the attempt that failed
   * @returns whether the port of a proxy ends the wait
   */
  begin(
    { delayMs, awaitsProxy }: Delay,
    error: Error | null,
    onProxyReturn: GatewayLinks['onProxyReturn'],
  ): boolean {
    const notBefore = awaitsProxy === 'only' ? performance.now() + delayMs : 0
    if (awaitsProxy !== 'no' && error instanceof TransportError) {
      this.#stopAwaiting = onProxyReturn(error, () => {
        clearTimeout(this.#timer)
        const restMs = Math.max(0, Math.ceil(notBefore - performance.now()))
        this.#timer = setTimeout(() => this.#over(true), restMs)
      })
    }
    const isAwaited = this.#stopAwaiting !== undefined
    // A timer in any case: it keeps the process alive, and the looks at the port do not.
    const waitMs = isAwaited && awaitsProxy === 'only' ? MAX_PROXY_WAIT_MS : delayMs
    this.#timer = setTimeout(() => this.#over(false), waitMs)
    return isAwaited
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#stopAwaiting?.()
    this.#stopAwaiting = undefined
  }

  #over(proxyReturned: boolean): void {
    this.end()
    this.#go(proxyReturned)
  }
}
