import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SendQueue, type Write } from '../../src/reconnect/send-queue.js'

const HEARTBEAT_MS = 41_250

let written: string[]
let flush: ((error?: Error) => void)[]

/** Takes all at once. */
const write: Write = (text, flushed) => {
  written.push(text)
  flushed()
}

/** Takes it when the test says so. */
const slowWrite: Write = (text, flushed) => {
  written.push(text)
  flush.push(flushed)
}

beforeEach(() => {
  vi.useFakeTimers()
  written = []
  flush = []
})

afterEach(() => {
  vi.useRealTimers()
})

it('what is sent before a session stands waits for it, in order', async () => {
  const queue = new SendQueue(10)
  const sent = Promise.all([queue.push('a'), queue.push('b')])
  expect(written).toEqual([])
  queue.attach(HEARTBEAT_MS, write)
  await sent
  expect(written).toEqual(['a', 'b'])
  expect(queue.length).toBe(0)
})

it('fewer than 120 go in a minute, so that heartbeats find room', async () => {
  const queue = new SendQueue(1_000)
  queue.attach(HEARTBEAT_MS, write)
  for (let count = 0; count < 250; count += 1) void queue.push(`${count}`)
  const share = 120 - 3 - 2
  expect(written).toHaveLength(share)
  await vi.advanceTimersByTimeAsync(60_999)
  expect(written).toHaveLength(share)
  await vi.advanceTimersByTimeAsync(1)
  expect(written).toHaveLength(2 * share)
  await vi.advanceTimersByTimeAsync(61_000)
  expect(written).toHaveLength(250)
  expect(vi.getTimerCount()).toBe(0)
})

it('one waits for the socket to take the one before', async () => {
  const queue = new SendQueue(10)
  queue.attach(HEARTBEAT_MS, slowWrite)
  const first = queue.push('a')
  void queue.push('b')
  expect(written).toEqual(['a'])
  flush[0]!()
  await first
  expect(written).toEqual(['a', 'b'])
})

it('what a broken connection had not taken is the first on the next one', async () => {
  const queue = new SendQueue(10)
  queue.attach(HEARTBEAT_MS, slowWrite)
  const sent = Promise.all([queue.push('a'), queue.push('b')])
  flush[0]!(new Error('broken'))
  queue.detach()
  queue.attach(HEARTBEAT_MS, write)
  await sent
  expect(written).toEqual(['a', 'a', 'b'])
})

it('of several presences only the latest is sent, and all of them are settled', async () => {
  const queue = new SendQueue(10)
  const sent = Promise.all([queue.push('one', 'presence'), queue.push('x'), queue.push('two', 'presence')])
  queue.attach(HEARTBEAT_MS, write)
  await sent
  expect(written).toEqual(['two', 'x'])
})

it('more than the limit is refused, and all is rejected at the end', async () => {
  const queue = new SendQueue(1)
  const first = queue.push('a').catch((error: unknown) => error)
  const second = queue.push('b').catch((error: unknown) => error)
  expect(await second).toMatchObject({ code: 'ERR_GATEWAY_SEND' })
  queue.fail(new Error('closed'))
  expect(await first).toMatchObject({ message: 'closed' })
})
