import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoff, retryAfterMs } from '../../../src/rest/delivery/backoff.js'

describe('the wait before a repetition', () => {
  it('doubles its range with every attempt, from a floor up to a ceiling', () => {
    const limits = { minDelayMs: 100, maxDelayMs: 1_000 }
    const ranges = [1, 2, 3, 4, 5].map((attempt) => [
      backoff(attempt, limits, 0),
      backoff(attempt, limits, 1),
    ])
    expect(ranges).toEqual([
      [100, 200],
      [100, 400],
      [100, 800],
      [100, 1_000],
      [100, 1_000],
    ])
  })

  it('is never outside its limits', () => {
    const ms = fc.integer({ min: 0, max: 600_000 })
    fc.assert(
      fc.property(
        ms,
        ms,
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b, n, random) => {
          const limits = { minDelayMs: Math.min(a, b), maxDelayMs: Math.max(a, b) }
          const wait = backoff(n, limits, random)
          expect(wait).toBeGreaterThanOrEqual(limits.minDelayMs)
          expect(wait).toBeLessThanOrEqual(limits.maxDelayMs)
        },
      ),
    )
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2030, 0, 1)

  it.each([
    [null, 0],
    ['0', 0],
    ['2', 2_000],
    [' 1.5 ', 1_500],
    ['Tue, 01 Jan 2030 00:00:03 GMT', 3_000],
    ['Mon, 31 Dec 2029 23:59:59 GMT', 0],
    ['-1', 0],
    ['soon', 0],
    ['', 0],
  ])('%j is %i ms', (value, ms) => {
    expect(retryAfterMs(value, now)).toBe(ms)
  })
})
