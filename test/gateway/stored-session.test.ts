import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { StoredSession } from '../../src/gateway/stored-session.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A session that has just been removed from a store that takes so long to answer. */
function ended(storeMs: number): StoredSession {
  const store = {
    load: () => null,
    save: () => undefined,
    remove: () => new Promise<void>((resolve) => setTimeout(resolve, storeMs)),
  }
  const session = new StoredSession({ store, shardId: 0, shardCount: 1, log: () => undefined })
  session.begin('a', 1, 'wss://gateway.discord.gg')
  session.end()
  return session
}

it('the last write has two seconds, and a store that does not answer is not waited for any longer', async () => {
  let written = false
  void ended(3_600_000)
    .written()
    .then(() => (written = true))
  await vi.advanceTimersByTimeAsync(1_999)
  expect(written).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(written).toBe(true)
})

it('the last write leaves no timer behind', async () => {
  const written = ended(100).written()
  await vi.advanceTimersByTimeAsync(100)
  await written
  expect(vi.getTimerCount()).toBe(0)
})
