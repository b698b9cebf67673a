import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IdentifyQueue } from '../../src/gateway/identify-queue.js'
import type { Leave } from '../../src/reconnect/abortable.js'

const DAY_MS = 24 * 60 * 60_000
const never = new AbortController().signal
let granted: number[]
let opened: Map<number, Leave>
let exhausted: number[]
let queue: IdentifyQueue

beforeEach(() => {
  vi.useFakeTimers()
  granted = []
  opened = new Map()
  exhausted = []
  queue = new IdentifyQueue()
})

afterEach(() => {
  vi.useRealTimers()
})

function configure(remaining: number, reset_after: number, max_concurrency: number): void {
  queue.configure({ total: 1_000, remaining, reset_after, max_concurrency })
}

/** Shards that have HELLO. */
function ask(...shardIds: number[]): void {
  for (const id of shardIds) void queue.waitForIdentify(id, never).then(() => granted.push(id))
}

/** Shards that want to connect. */
function enter(...shardIds: number[]): void {
  for (const id of shardIds)
    void queue.enter(id, never, (waitMs) => exhausted.push(waitMs)).then((leave) => opened.set(id, leave))
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
  configure(1_000, 1, 2)
  ask(0, 2, 1, 3)
  await vi.advanceTimersByTimeAsync(0)
  expect(granted).toEqual([0, 1])
  await vi.advanceTimersByTimeAsync(5_500)
  expect(granted).toEqual([0, 1, 2, 3])
})

it('a new max_concurrency does not let those through who share a bucket with one of a moment ago', async () => {
  ask(0)
  await vi.advanceTimersByTimeAsync(1_000)
  configure(1_000, 1, 2)
  ask(2)
  await vi.advanceTimersByTimeAsync(4_400)
  expect(granted).toEqual([0])
  await vi.advanceTimersByTimeAsync(100)
  expect(granted).toEqual([0, 2])
})

it('when the session starts are used up, all wait for their reset, which is told once', async () => {
  configure(1, 60_000, 16)
  ask(0, 1, 2)
  enter(3, 4)
  await vi.advanceTimersByTimeAsync(59_999)
  expect(granted).toEqual([0])
  expect(exhausted).toEqual([60_000])
  await vi.advanceTimersByTimeAsync(1)
  expect(granted).toEqual([0, 1, 2])
  expect([...opened.keys()]).toEqual([3, 4])
  expect(queue.remaining).toBe(998)
})

it('one shard of a bucket opens its connection at a time, a second before its turn', async () => {
  configure(1_000, DAY_MS, 2)
  enter(0, 1, 2, 4)
  await vi.advanceTimersByTimeAsync(10_000)
  expect([...opened.keys()]).toEqual([0, 1])
  ask(0)
  await vi.advanceTimersByTimeAsync(0)
  opened.get(0)!()
  await vi.advanceTimersByTimeAsync(4_499)
  expect([...opened.keys()]).toEqual([0, 1])
  await vi.advanceTimersByTimeAsync(1)
  expect([...opened.keys()]).toEqual([0, 1, 2])
  expect(vi.getTimerCount()).toBe(0)
})

it('a shard that gives up before it has identified lets the next of its bucket open', async () => {
  const abort = new AbortController()
  const leave = queue.enter(0, abort.signal)
  enter(1)
  await leave
  abort.abort(new Error('the proxy is away'))
  await vi.advanceTimersByTimeAsync(0)
  expect([...opened.keys()]).toEqual([1])
})

it('a reset that lies beyond the longest timer is waited for, and no shard is let through before', async () => {
  configure(0, 2 ** 32, 1)
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
  const failed = queue.waitForIdentify(1, abort.signal).catch((error: unknown) => error)
  abort.abort(new Error('no longer wanted'))
  expect(await failed).toMatchObject({ message: 'no longer wanted' })
  expect(vi.getTimerCount()).toBe(0)
})
