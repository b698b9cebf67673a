import { expect, it } from 'vitest'
import { Backoff } from '../../src/reconnect/backoff.js'

const settings = { baseMs: 1_000, maxMs: 5_000 }

it('the first attempt goes at once, the bound of the others doubles up to its limit', () => {
  const backoff = new Backoff(settings, () => 1)
  expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([0, 1_000, 2_000, 4_000, 5_000, 5_000])
  expect(backoff.failures).toBe(6)
})

it('jitter is full: from nothing to the bound', () => {
  const backoff = new Backoff(settings, () => 0)
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 0, 0])
})

it('a connection that held begins anew, one that broke at once does not', () => {
  const backoff = new Backoff(settings, () => 1)
  backoff.next()
  backoff.held(999)
  expect(backoff.next()).toBe(1_000)
  backoff.held(1_000)
  expect(backoff.next()).toBe(0)
})
