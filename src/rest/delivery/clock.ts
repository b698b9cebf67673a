/** Time and chance, which tests replace. */
export interface DeliveryClock {
  /** Milliseconds of a clock that is never set back. */
  now(): number
  /** From 0 to below 1. */
  random(): number
  /** Resolves after `ms`; rejects at once with the reason of the first signal that is aborted. */
  wait(ms: number, signals: readonly AbortSignal[]): Promise<void>
}

export const systemClock: DeliveryClock = {
  now: () => performance.now(),
  random: () => Math.random(),
  wait: (ms, signals) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        for (const signal of signals) signal.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        end()
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- fetch rejects with it as it is
        reject(signals.find(({ aborted }) => aborted)?.reason)
      }
      const timer = setTimeout(() => {
        end()
        resolve()
      }, ms)
      for (const signal of signals) signal.addEventListener('abort', onAbort)
      if (signals.some(({ aborted }) => aborted)) onAbort()
    }),
}
