import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IdentifyQueue } from '../../src/gateway/identify-queue.js'

const never = new AbortController().signal
let granted: number[]
let exhausted: number[]
let queue: IdentifyQueue

beforeEach(() => {
  vi.useFakeTimers()
  granted = []
  exhausted = []
  queue = new IdentifyQueue((waitMs) => exhausted.push(waitMs))
})

afterEach(() => {
  queue.close()
  vi.useRealTimers()
})

function ask(...shardIds: number[]): void {
  for (const id of shardIds) void queue.turn(id, never).then(() => granted.push(id))
}

it('one shard identifies in five seconds while nothing is known', async () => {
  ask(0, 1, 2)
  await vi.advanceTimersByTimeAsync(0)
  expect(granted).toEqual([0])
  await vi.advanceTimersByTimeAsync(5_000)
  expect(granted).toEqual([0])
  await vi.advanceTimersByTimeAsync(500)
  expect(granted).toEqual([0, 1])
  await vi.advanceTimersByTimeAsync(5_500)
  expect(granted).toEqual([0, 1, 2])
})

it('max_concurrency buckets go at once, each in its own order', async () => {
  queue.configure({ total: 1_000, remaining: 1_000, resetAfterMs: 1, maxConcurrency: 2 })
  ask(0, 2, 1, 3)
  await vi.advanceTimersByTimeAsync(0)
  expect(granted).toEqual([0, 1])
  await vi.advanceTimersByTimeAsync(5_500)
  expect(granted).toEqual([0, 1, 2, 3])
})

it('a new max_concurrency does not let those through who share a bucket with one of a moment ago', async () => {
  ask(0)
  await vi.advanceTimersByTimeAsync(1_000)
  queue.configure({ total: 1_000, remaining: 1_000, resetAfterMs: 1, maxConcurrency: 2 })
  ask(2)
  await vi.advanceTimersByTimeAsync(4_400)
  expect(granted).toEqual([0])
  await vi.advanceTimersByTimeAsync(100)
  expect(granted).toEqual([0, 2])
})

it('when the session starts are used up, all wait for their reset, which is told once', async () => {
  queue.configure({ total: 1_000, remaining: 1, resetAfterMs: 60_000, maxConcurrency: 16 })
  ask(0, 1, 2)
  await vi.advanceTimersByTimeAsync(59_999)
  expect(granted).toEqual([0])
  expect(exhausted).toEqual([60_000])
  await vi.advanceTimersByTimeAsync(1)
  expect(granted).toEqual([0, 1, 2])
  expect(queue.remaining).toBe(998)
})

it('a reset that lies beyond the longest timer is waited for, and nobody is let through before', async () => {
  queue.configure({ total: 1_000, remaining: 0, resetAfterMs: 2 ** 32, maxConcurrency: 1 })
  ask(0)
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(granted).toEqual([])
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(granted).toEqual([0])
})

it('one that is given up leaves its place, and no timer', async () => {
  ask(0)
  const abort = new AbortController()
  const failed = queue.turn(1, abort.signal).catch((error: unknown) => error)
  abort.abort(new Error('no longer wanted'))
  expect(await failed).toMatchObject({ message: 'no longer wanted' })
  expect(vi.getTimerCount()).toBe(0)
})
