import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/rest/delivery/clock.js'

// A timer that outlives its wait would fail this file.
const LONG_MS = 600_000

test('a wait ends in its time and leaves no listener', async () => {
  const { signal } = new AbortController()
  const before = systemClock.now()
  await systemClock.wait(5, [signal])
  expect(systemClock.now() - before).toBeGreaterThanOrEqual(4)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('an abort ends it at once, with its own reason, whichever signal it is', async () => {
  const controllers = [new AbortController(), new AbortController()] as const
  const signals = controllers.map(({ signal }) => signal)
  const reason = { not: 'even an error' }
  const wait = systemClock.wait(LONG_MS, signals)
  controllers[1].abort(reason)
  await expect(wait).rejects.toBe(reason)
  for (const signal of signals) expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a signal that is aborted already leaves no wait at all', async () => {
  const reason = new Error('before')
  await expect(systemClock.wait(LONG_MS, [AbortSignal.abort(reason)])).rejects.toBe(reason)
})
