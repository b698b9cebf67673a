import { expect, test } from 'vitest'
import { seedCount } from '../../support/matrix.js'
import { runDeliverySoak, type SoakOptions } from './soak.js'

/** Together 600 calls, or the 10 000 of `npm run soak:delivery`. */
const SEEDS = seedCount(165)
const CALLS = 60

test.each<Pick<SoakOptions, 'attempts' | 'share' | 'faults'> & { readonly name: string }>([
  { name: 'eight attempts bring every message past 20 % of broken connections', attempts: 8, share: 0.2 },
  {
    name: 'one attempt past 60 % of them leaves no caller in the dark',
    attempts: 1,
    share: 0.6,
    faults: ['reset', 'close'],
  },
])('$name', { timeout: SEEDS * 20_000 }, async ({ name, ...options }) => {
  const first = Date.now() % 2 ** 31
  console.log(`${name}: ${SEEDS} seeds from ${first}`)
  const total = { broken: 0, inDoubt: 0 }
  for (let seed = first; seed < first + SEEDS; seed++) {
    const report = await runDeliverySoak({ calls: CALLS, seed, concurrency: 16, ...options })
    const { violations, resolved, unavailable, limited, unsent, inDoubt, broken } = report
    expect({ seed, violations }).toEqual({ seed, violations: [] })
    expect(resolved + unavailable + limited + unsent + inDoubt).toBe(CALLS)
    if (options.attempts > 1) expect(resolved + limited).toBe(CALLS)
    total.broken += broken.reset + broken.close + broken.stall
    total.inDoubt += inDoubt
  }
  expect(total.broken).toBeGreaterThan(0)
  if (options.attempts === 1) expect(total.inDoubt).toBeGreaterThan(0)
})
