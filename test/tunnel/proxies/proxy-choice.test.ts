import fc from 'fast-check'
import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { TransportError, type TransportErrorCode } from '../../../src/errors.js'
import { Attempt } from '../../../src/tunnel/attempt.js'
import type { Candidate } from '../../../src/tunnel/proxies/choosing.js'
import { ProxyChoice } from '../../../src/tunnel/proxies/proxy-choice.js'
import { candidateOf } from '../../support/candidate.js'
import { watchHoldingTimers } from '../../support/holding-timers.js'
import { DENIED_MS, Standing } from '../../../src/tunnel/proxies/standing.js'

/** What becomes of an attempt through one proxy. */
type Fate = 'works' | 'down' | 'denied' | 'behind'

const CODES: Readonly<Record<Exclude<Fate, 'works'>, TransportErrorCode>> = {
  down: 'ERR_PROXY_AUTH',
  denied: 'ERR_PROXY_DENIED',
  behind: 'ERR_TARGET_UNREACHABLE',
}

function errorOf(fate: Exclude<Fate, 'works'>, proxy: string): TransportError {
  const retryable = fate === 'behind'
  return new TransportError(fate, { code: CODES[fate], phase: 'tunnel', proxy, hint: fate, retryable })
}

function candidatesOf(count: number): readonly Candidate[] {
  return Array.from({ length: count }, (_, index) => candidateOf(`${index}`, `http://proxy${index}:1`))
}

/** A choice, what it reported, and one connection with these fates. */
function startChoice(count: number, onDenied: 'next' | 'fail' = 'next') {
  const candidates = candidatesOf(count)
  const events: string[] = []
  const closing = new AbortController()
  const choice = new ProxyChoice(candidates, {
    onDenied,
    connectTimeoutMs: 1_000,
    closing: closing.signal,
    random: () => 0.5,
    onFailed: () => undefined,
    onEvent: ({ type, proxy }) => events.push(`${type.replace('proxy-', '')} ${String(proxy)}`),
  })
  const tried: number[] = []
  const connect = async (target: string, fates: readonly Fate[]): Promise<'opened' | TransportError> => {
    tried.length = 0
    const attempt = new Attempt({ timeoutMs: 10_000, signals: [], onTimeout: () => new Error('late') })
    try {
      await choice.open(
        {
          candidates,
          target,
          open: ({ key, proxy }) => {
            tried.push(Number(key))
            const fate = fates[Number(key)] ?? 'works'
            return fate === 'works'
              ? Promise.resolve({ socket: new Socket() })
              : Promise.reject(errorOf(fate, proxy.redactedUrl))
          },
        },
        attempt,
      )
      return 'opened'
    } catch (error) {
      if (error instanceof TransportError) return error
      throw error
    } finally {
      attempt.dispose()
    }
  }
  return { choice, candidates, events, tried, connect }
}

const fates = fc.array(fc.constantFrom<Fate>('works', 'down', 'denied', 'behind'), {
  minLength: 5,
  maxLength: 5,
})
const history = fc.array(fc.tuple(fc.constantFrom('a:443', 'b:443'), fates), { minLength: 1, maxLength: 12 })

describe('a choice of proxies', () => {
  it('holds its promises over any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), history, async (count, connections) => {
        const { choice, candidates, tried, connect } = startChoice(count)
        const shown = (index: number): string => candidates[index]?.proxy.redactedUrl ?? ''
        for (const [target, all] of connections) {
          const given = all.slice(0, count)
          const expected = choice.order(candidates, target).map(({ key }) => Number(key))
          const outcome = await connect(target, given)
          // In the order that it said, each at most once, and none after the first that ends it.
          expect(tried).toEqual(expected.slice(0, tried.length))
          const end = expected.find((index) => given[index] === 'works' || given[index] === 'behind')
          expect(tried.at(-1)).toBe(end ?? expected.at(-1))
          if (outcome === 'opened') expect(given[end ?? -1]).toBe('works')
          else if (end === undefined) {
            expect(outcome.code).toBe(CODES[given[0] === 'denied' ? 'denied' : 'down'])
            expect(outcome.proxy).toBe(shown(0))
            if (count > 1)
              expect(outcome.failures.map(({ proxy }) => proxy)).toEqual(
                candidates.map((one) => one.proxy.redactedUrl),
              )
          } else expect(outcome).toMatchObject({ code: CODES.behind, proxy: shown(end) })
          // The one in use is the first that works, if any does.
          const up = candidates.find((one) => choice.standing(one).down === undefined)
          if (up !== undefined) expect(choice.inUse).toBe(up)
          // Those that work come first, and those that refuse last.
          const now = performance.now()
          const ranks = choice.order(candidates, target).map((one) => choice.standing(one).rank(target, now))
          expect(ranks).toEqual([...ranks].sort())
        }
        choice.retire()
      }),
      { numRuns: 300 },
    )
  })

  it('reports down and up in turns, and a change whenever another one is the first that works', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (connections) => {
        const { choice, candidates, events, connect } = startChoice(3)
        for (const [target, all] of connections) await connect(target, all)
        choice.retire()
        for (const { proxy } of candidates) {
          const { redactedUrl: shown } = proxy
          const turns = events.filter((event) => event === `down ${shown}` || event === `up ${shown}`)
          turns.forEach((event, index) => {
            expect(event).toBe(`${index % 2 === 0 ? 'down' : 'up'} ${shown}`)
          })
        }
        const changes = events.filter((event) => event.startsWith('change'))
        expect(changes.every((event, index) => event !== changes[index - 1])).toBe(true)
        if (changes.length > 0) expect(changes.at(-1)).toBe(`change ${choice.inUse?.proxy.redactedUrl ?? ''}`)
      }),
      { numRuns: 200 },
    )
  })

  it('with onDenied: fail ends at the first refusal', async () => {
    const { connect, tried } = startChoice(3, 'fail')
    expect(await connect('a:443', ['denied', 'works', 'works'])).toMatchObject({ code: 'ERR_PROXY_DENIED' })
    expect(tried).toEqual([0])
    expect(await connect('a:443', ['works', 'works', 'works'])).toBe('opened')
    expect(tried).toEqual([0])
  })

  it('asks a proxy again for a destination that it refused, 60 seconds later', async () => {
    const { connect, tried } = startChoice(2)
    await connect('a:443', ['denied', 'works'])
    await connect('a:443', ['works', 'works'])
    expect(tried).toEqual([1])
    await connect('b:443', ['works', 'works'])
    expect(tried).toEqual([0])
    const now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + DENIED_MS + 100)
    onTestFinished(() => {
      clock.mockRestore()
    })
    await connect('a:443', ['works', 'works'])
    expect(tried).toEqual([0])
  })
})

describe('a proxy that failed while another one works', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is tried in the background again and again until it works', async () => {
    const { choice, candidates, connect, tried } = startChoice(2)
    const fates: Fate[] = ['down', 'works']
    await connect('a:443', fates)
    tried.length = 0
    // It rests for 750 ms, 1.5 s, 3 s and 6 s.
    await vi.advanceTimersByTimeAsync(10_000)
    expect(tried).toEqual([0, 0, 0])
    expect(choice.inUse).toBe(candidates[1])
    fates[0] = 'works'
    await vi.advanceTimersByTimeAsync(60_000)
    expect(tried).toEqual([0, 0, 0, 0])
    expect(choice.inUse).toBe(candidates[0])
  })

  it('holds no program that has nothing else to do', async () => {
    vi.useRealTimers()
    const holding = watchHoldingTimers()
    const { choice, connect } = startChoice(2)
    expect(await connect('a:443', ['down', 'works'])).toBe('opened')
    expect(holding()).toBe(0)
    choice.retire()
  })
})

describe('the rest of a proxy', () => {
  const failed = errorOf('down', 'http://p:1')

  it('grows with each failure from a second to a minute, and begins anew when it works', () => {
    const standing = new Standing(() => 1)
    let now = 0
    const rests: number[] = []
    for (let round = 0; round < 9; round += 1) {
      standing.failed(failed, now, now)
      rests.push(standing.restsUntil - now)
      now = standing.restsUntil
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(standing.worked(now)).toBe(now)
    standing.failed(failed, now, now)
    expect(standing.restsUntil - now).toBe(1_000)
  })

  it('does not grow by attempts that were under way together, nor by one from before it came back', () => {
    const standing = new Standing(() => 1)
    expect(standing.failed(failed, 0, 10)).toBe(true)
    expect(standing.failed(failed, 0, 20)).toBe(false)
    expect(standing.restsUntil).toBe(1_010)
    standing.worked(500)
    expect(standing.failed(failed, 499, 600)).toBe(false)
    expect(standing.down).toBeUndefined()
  })

  it('that is over puts it before those that have just failed, and behind those that work', () => {
    const ranks = ['works', 'rested', 'failed'].map((state) => {
      const standing = new Standing(() => 1)
      if (state !== 'works') standing.failed(failed, 0, 0)
      if (state === 'rested') standing.rested()
      return standing.rank('discord.com:443', 1)
    })
    expect(ranks).toEqual([0, 1, 2])
  })
})
