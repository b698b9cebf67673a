import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SendQueue, type Write } from '../../src/reconnect/send-queue.js'

const PER_WINDOW = 115
const WINDOW_MS = 61_000

function createQueue(maxQueued: number): SendQueue {
  return new SendQueue({ maxQueued, windowMs: WINDOW_MS, full: () => new Error('full') })
}

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
  const queue = createQueue(10)
  const sent = Promise.all([queue.push('a'), queue.push('b')])
  expect(written).toEqual([])
  queue.attach(PER_WINDOW, write)
  await sent
  expect(written).toEqual(['a', 'b'])
  expect(queue.length).toBe(0)
})

it('no more go in a window than the limit says', async () => {
  const queue = createQueue(1_000)
  queue.attach(PER_WINDOW, write)
  for (let count = 0; count < 250; count += 1) void queue.push(`${count}`)
  expect(written).toHaveLength(PER_WINDOW)
  await vi.advanceTimersByTimeAsync(60_999)
  expect(written).toHaveLength(PER_WINDOW)
  await vi.advanceTimersByTimeAsync(1)
  expect(written).toHaveLength(2 * PER_WINDOW)
  await vi.advanceTimersByTimeAsync(61_000)
  expect(written).toHaveLength(250)
  expect(vi.getTimerCount()).toBe(0)
})

it('one waits for the socket to take the one before', async () => {
  const queue = createQueue(10)
  queue.attach(PER_WINDOW, slowWrite)
  const first = queue.push('a')
  void queue.push('b')
  expect(written).toEqual(['a'])
  flush[0]!()
  await first
  expect(written).toEqual(['a', 'b'])
})

it('what a broken connection had not taken is the first on the next one', async () => {
  const queue = createQueue(10)
  queue.attach(PER_WINDOW, slowWrite)
  const sent = Promise.all([queue.push('a'), queue.push('b')])
  flush[0]!(new Error('broken'))
  queue.detach()
  queue.attach(PER_WINDOW, write)
  await sent
  expect(written).toEqual(['a', 'a', 'b'])
})

it('what waits for the limit of a connection goes at once on the next one', async () => {
  const queue = createQueue(1_000)
  queue.attach(PER_WINDOW, write)
  const sent = Array.from({ length: PER_WINDOW + 3 }, (_, count) => queue.push(`${count}`))
  expect(written).toHaveLength(PER_WINDOW)
  queue.detach()
  expect(vi.getTimerCount()).toBe(0)
  queue.attach(PER_WINDOW, write)
  expect(written).toHaveLength(PER_WINDOW + 3)
  await Promise.all(sent)
})

it('what a broken connection says late does not make the next one take a payload twice', async () => {
  const queue = createQueue(10)
  queue.attach(PER_WINDOW, (text, flushed) => slowWrite(text, flushed))
  const sent = [queue.push('a')]
  queue.detach()
  queue.attach(PER_WINDOW, (text, flushed) => slowWrite(text, flushed))
  expect(written).toEqual(['a', 'a'])
  flush[0]!(new Error('broken'))
  sent.push(queue.push('b'))
  expect(written).toEqual(['a', 'a'])
  flush[1]!()
  expect(written).toEqual(['a', 'a', 'b'])
  flush[2]!()
  await Promise.all(sent)
})

it('a presence that is set while the socket takes the one before is sent after it', async () => {
  const queue = createQueue(10)
  queue.attach(PER_WINDOW, slowWrite)
  const one = queue.push('one', { replaces: 'presence' })
  const two = queue.push('two', { replaces: 'presence' })
  flush[0]!()
  await one
  expect(written).toEqual(['one', 'two'])
  flush[1]!()
  await two
})

it('of several presences only the latest is sent, and all of them are settled', async () => {
  const queue = createQueue(10)
  const sent = Promise.all([
    queue.push('one', { replaces: 'presence' }),
    queue.push('x'),
    queue.push('two', { replaces: 'presence' }),
  ])
  queue.attach(PER_WINDOW, write)
  await sent
  expect(written).toEqual(['two', 'x'])
})

it('more than the limit is refused, and all is rejected at the end', async () => {
  const queue = createQueue(1)
  const first = queue.push('a').catch((error: unknown) => error)
  const second = queue.push('b').catch((error: unknown) => error)
  expect(await second).toMatchObject({ message: 'full' })
  queue.fail(new Error('closed'))
  expect(await first).toMatchObject({ message: 'closed' })
})
