import { expect, test } from 'vitest'
import { runDeliverySoak, type SoakOptions } from './soak.js'

const CALLS = 300

// `npm run soak:delivery` sends 10 000.
test.each<Pick<SoakOptions, 'attempts' | 'share' | 'faults'> & { readonly name: string }>([
  { name: 'eight attempts bring every message past 20 % of broken connections', attempts: 8, share: 0.2 },
  {
    name: 'one attempt past 60 % of them leaves no caller in the dark',
    attempts: 1,
    share: 0.6,
    faults: ['reset', 'close'],
  },
])('$name', { timeout: 60_000 }, async ({ name, ...options }) => {
  const seed = Date.now() % 2 ** 31
  console.log(`${name}: seed ${seed}`)
  const report = await runDeliverySoak({ calls: CALLS, seed, concurrency: 16, ...options })
  console.log(report)
  expect(report.violations).toEqual([])
  expect(report.resolved + report.unavailable + report.limited + report.unsent + report.inDoubt).toBe(CALLS)
  expect(report.broken.reset + report.broken.close + report.broken.stall).toBeGreaterThan(0)
  if (options.attempts > 1) expect(report.resolved + report.limited).toBe(CALLS)
  else expect(report.inDoubt).toBeGreaterThan(0)
})
