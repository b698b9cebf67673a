import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KeepWarm } from '../../src/dispatcher/keep-warm.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The seconds at which a tunnel was asked for, and how each attempt ends. */
function keepWarm(open: () => Promise<void>): { readonly warm: KeepWarm; readonly attempts: number[] } {
  const startedAt = performance.now()
  const attempts: number[] = []
  const warm = new KeepWarm(() => {
    attempts.push(Math.round((performance.now() - startedAt) / 1_000))
    return open()
  })
  return { warm, attempts }
}

describe('keepWarm', () => {
  test('asks a proxy that refuses again after 1 s, 2 s, 4 s, up to 60 s', async () => {
    const { warm, attempts } = keepWarm(() => Promise.reject(new Error('refused')))
    warm.hold()
    await vi.advanceTimersByTimeAsync(245_000)
    warm.stop()
    const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  test('counts a tunnel that ends within 5 s as a refusal', async () => {
    const { warm, attempts } = keepWarm(() => Promise.resolve())
    warm.hold()
    await vi.advanceTimersByTimeAsync(0)
    for (const waitMs of [1_000, 2_000, 4_000]) {
      await vi.advanceTimersByTimeAsync(4_000)
      warm.onCold()
      await vi.advanceTimersByTimeAsync(waitMs)
    }
    warm.stop()
    expect(attempts).toEqual([0, 5, 11, 19])
  })

  test('replaces a tunnel at once that stood for 5 s, and forgets the refusals before it', async () => {
    let refusals = 3
    const { warm, attempts } = keepWarm(() =>
      refusals-- > 0 ? Promise.reject(new Error('refused')) : Promise.resolve(),
    )
    warm.hold()
    // Refused at 0, 1 and 3; opened at 7.
    await vi.advanceTimersByTimeAsync(7_000)
    await vi.advanceTimersByTimeAsync(5_000)
    warm.onCold()
    await vi.advanceTimersByTimeAsync(0)
    expect(attempts).toEqual([0, 1, 3, 7, 12])
    await vi.advanceTimersByTimeAsync(1_000)
    // It stood for one second only: the wait begins at one second again.
    warm.onCold()
    await vi.advanceTimersByTimeAsync(999)
    expect(attempts).toHaveLength(5)
    await vi.advanceTimersByTimeAsync(1)
    warm.stop()
    expect(attempts).toEqual([0, 1, 3, 7, 12, 14])
  })

  test('a hold that is given back twice takes no other hold away', async () => {
    const { warm, attempts } = keepWarm(() => Promise.resolve())
    const release = warm.hold()
    const releaseOther = warm.hold()
    release()
    release()
    await vi.advanceTimersByTimeAsync(0)
    expect(attempts).toEqual([0])
    releaseOther()
    await vi.advanceTimersByTimeAsync(5_000)
    warm.onCold()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(attempts).toEqual([0])
  })
})
