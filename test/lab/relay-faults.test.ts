import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from './proxy/listener.js'
import { seededRandom, startFaultyRelay, type FaultyRelay, type FaultyRelayOptions } from './relay-faults.js'

/** A relay in front of a server that sends back whatever it gets. */
async function startRelayedEcho(options: Partial<FaultyRelayOptions>): Promise<FaultyRelay> {
  const echo = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (socket) => socket.pipe(socket),
  })
  onTestFinished(() => echo.close())
  const relay = await startFaultyRelay({ to: { host: '127.0.0.1', port: echo.port }, seed: 1, ...options })
  onTestFinished(() => relay.close())
  return relay
}

interface Fate {
  readonly received: string
  /** The code of the error, or `end` for a FIN. */
  readonly end: string
}

/** Sends a text, closes its own half where the relay lets it, and says what came back. */
async function sendThrough(relay: FaultyRelay, text: string): Promise<Fate> {
  const socket = connect({ port: relay.port, host: '127.0.0.1' })
  const fate = read(socket)
  socket.end(text)
  return fate
}

async function read(socket: Socket): Promise<Fate> {
  let received = ''
  let end = 'end'
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => (received += text))
  socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? error.message))
  await new Promise((resolve) => socket.once('close', resolve))
  return { received, end }
}

test('a connection that does not break carries every byte and both ends', async () => {
  const relay = await startRelayedEcho({ share: 0 })
  const text = 'x'.repeat(1_000_000)
  expect(await sendThrough(relay, text)).toEqual({ received: text, end: 'end' })
  expect(relay).toMatchObject({ accepted: 1, broken: { reset: 0, close: 0, stall: 0 } })
})

test('a reset comes as a reset', async () => {
  const relay = await startRelayedEcho({ share: 1, faults: ['reset'], withinBytes: 1_000 })
  expect((await sendThrough(relay, 'x'.repeat(1_000))).end).toMatch(/ECONNRESET|EPIPE/)
  expect(relay.broken.reset).toBe(1)
})

test('a close comes as an end, with no more than the bytes that were granted', async () => {
  const relay = await startRelayedEcho({ share: 1, faults: ['close'], withinBytes: 1_000 })
  const { received, end } = await sendThrough(relay, 'x'.repeat(1_000))
  expect(end).toBe('end')
  expect(received.length).toBeLessThan(1_000)
  expect(relay.broken.close).toBe(1)
})

test('a stall says nothing until the client has had enough', async () => {
  const relay = await startRelayedEcho({ share: 1, faults: ['stall'], withinBytes: 1 })
  const socket = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true })
  const fate = read(socket)
  socket.write('hello')
  // Another connection's whole life fits into the silence of this one.
  const other = await startRelayedEcho({ share: 0 })
  expect((await sendThrough(other, 'hello')).received).toBe('hello')
  expect(relay.openCount).toBe(1)
  socket.destroy()
  expect(await fate).toEqual({ received: '', end: 'end' })
})

test('the same seed breaks the same connections in the same way', async () => {
  const broken = async (seed: number) => {
    const relay = await startRelayedEcho({ seed, share: 0.5, faults: ['reset', 'close'], withinBytes: 100 })
    const lives: boolean[] = []
    for (let index = 0; index < 12; index += 1) {
      const { received } = await sendThrough(relay, 'x'.repeat(100))
      lives.push(received.length === 100)
    }
    return [lives, relay.broken]
  }
  expect(await broken(7)).toEqual(await broken(7))
  expect(await broken(7)).not.toEqual(await broken(8))
})

test('seeded random numbers are from 0 to below 1, and as many of them small as large', () => {
  const random = seededRandom(42)
  const numbers = Array.from({ length: 10_000 }, random)
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
  expect(numbers.reduce((sum, number) => sum + number) / numbers.length).toBeCloseTo(0.5, 1)
})
