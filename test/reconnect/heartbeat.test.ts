import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Heartbeat } from '../../src/reconnect/heartbeat.js'

const INTERVAL = 10_000
/** What happened, and after how many milliseconds. */
let log: [at: number, what: string][]
let received = 0
let receiving: boolean
let startedAt: number

beforeEach(() => {
  vi.useFakeTimers()
  log = []
  received = 0
  receiving = false
})

afterEach(() => {
  vi.useRealTimers()
})

interface Peer {
  readonly acknowledges: boolean
  readonly answersPings: boolean
}

function start(random: number, { acknowledges, answersPings }: Peer): Heartbeat {
  startedAt = Date.now()
  const note = (what: string): unknown => log.push([Date.now() - startedAt, what])
  const heartbeat = new Heartbeat(INTERVAL, () => random, {
    beat: () => {
      note('beat')
      if (!acknowledges) return
      setTimeout(() => {
        received += 1
        heartbeat.acknowledged()
      }, 100)
    },
    ping: () => {
      note('ping')
      if (!answersPings) return
      setTimeout(() => {
        received += 1
        heartbeat.pong()
      }, 100)
    },
    received: () => received,
    receiving: () => receiving,
    dead: (why) => {
      note(why)
      heartbeat.stop()
    },
  })
  return heartbeat
}

const beats = (): number[] => log.filter(([, what]) => what === 'beat').map(([at]) => at)

describe('the heartbeat', () => {
  it.each([0, 0.25, 0.5, 0.99])('begins after a part of the interval, and keeps it: %d', (random) => {
    const heartbeat = start(random, { acknowledges: true, answersPings: true })
    vi.advanceTimersByTime(5 * INTERVAL - 20)
    expect(beats()).toHaveLength(5)
    beats().forEach((at, index) => {
      expect(Math.abs(at - (random + index) * INTERVAL)).toBeLessThanOrEqual(2 * (index + 1))
    })
    expect(heartbeat.roundTripMs).toBe(100)
    heartbeat.stop()
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('without an acknowledgement before the next one is a zombie, though pings are answered', () => {
    start(0.5, { acknowledges: false, answersPings: true })
    vi.advanceTimersByTime(3 * INTERVAL)
    const [at, why] = log.at(-1)!
    expect(why).toBe('zombie')
    expect(at).toBeGreaterThanOrEqual(1.5 * INTERVAL)
    expect(at).toBeLessThan(1.5 * INTERVAL + 10)
  })

  it('that is not acknowledged is a zombie in its time, however many are sent out of turn after it', () => {
    const heartbeat = start(0.5, { acknowledges: false, answersPings: true })
    vi.advanceTimersByTime(0.5 * INTERVAL + 100)
    expect(beats()).toHaveLength(1)
    const requests = setInterval(() => heartbeat.beat(), 1_000)
    vi.advanceTimersByTime(2 * INTERVAL)
    clearInterval(requests)
    const deaths = log.filter(([, what]) => what === 'zombie').map(([at]) => at)
    expect(deaths).toHaveLength(1)
    expect(deaths[0]).toBeLessThan(1.5 * INTERVAL + 10)
  })

  it('has the latency of the oldest that waits for an acknowledgement', () => {
    const heartbeat = start(0.5, { acknowledges: false, answersPings: true })
    heartbeat.beat()
    const heartbeatAt = Date.now()
    vi.advanceTimersByTime(300)
    heartbeat.beat()
    vi.advanceTimersByTime(100)
    expect(heartbeat.acknowledged()).toEqual({ heartbeatAt, ackAt: heartbeatAt + 400, latency: 400 })
    heartbeat.stop()
  })

  it('takes the place of the ping where pings are not answered, and finds nobody dead', () => {
    const heartbeat = start(0.5, { acknowledges: true, answersPings: false })
    vi.advanceTimersByTime(10 * INTERVAL)
    expect(log.filter(([, what]) => what === 'zombie' || what === 'silence')).toEqual([])
    expect(log.filter(([, what]) => what === 'ping')).toHaveLength(1)
    heartbeat.stop()
  })

  it.each([0, 0.3, 0.7, 0.999])('finds a silent peer dead within one interval: %d', (random) => {
    start(random, { acknowledges: false, answersPings: false })
    vi.advanceTimersByTime(2 * INTERVAL)
    const [at, why] = log.at(-1)!
    expect(why).toBe('silence')
    expect(at).toBeLessThan(INTERVAL)
  })

  it('takes bytes of a payload that is not complete for a sign of life', () => {
    const heartbeat = start(0.5, { acknowledges: true, answersPings: false })
    const trickle = setInterval(() => (received += 1), 1_500)
    vi.advanceTimersByTime(5 * INTERVAL)
    expect(log.filter(([, what]) => what === 'zombie' || what === 'silence')).toEqual([])
    clearInterval(trickle)
    heartbeat.stop()
  })

  it('waits for an acknowledgement behind a message that is still arriving', () => {
    const heartbeat = start(0.5, { acknowledges: false, answersPings: false })
    receiving = true
    const trickle = setInterval(() => (received += 1), 500)
    vi.advanceTimersByTime(5 * INTERVAL)
    expect(log.filter(([, what]) => what === 'zombie' || what === 'silence')).toEqual([])
    receiving = false
    vi.advanceTimersByTime(INTERVAL + 10)
    expect(log.at(-1)).toMatchObject([expect.any(Number), 'zombie'])
    clearInterval(trickle)
    heartbeat.stop()
  })
})
