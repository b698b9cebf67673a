import { onTestFinished, vi } from 'vitest'

/** Watches the timers that are started from now on, until the test has finished. The returned function counts those that hold the process. */
export function watchHoldingTimers(): () => number {
  const running = new Set<NodeJS.Timeout>()
  const { setTimeout: start, clearTimeout: stop } = globalThis
  const spies = [
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((callback, ms, ...values) => {
      const fire = (): void => {
        running.delete(timer)
        callback(...values)
      }
      const timer = start(fire, ms)
      running.add(timer)
      return timer
    }),
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      if (typeof timer === 'object') running.delete(timer)
      stop(timer)
    }),
  ]
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
  return () => [...running].filter((timer) => timer.hasRef()).length
}
