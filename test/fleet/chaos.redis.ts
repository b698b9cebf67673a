import { expect, it } from 'vitest'
import { FULL, seedCount } from '../support/matrix.js'
import { runChaos } from './chaos.js'

/** Some of the runs that scripts/fleet-soak.ts makes by the hundred, with other seeds each time. */
const RUNS = seedCount(100)
const FIRST_SEED = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
/** A run spends its time waiting: for leases to end, and for the minute in which a session may still be open. */
const AT_ONCE = FULL ? 4 : 5
const MOST_FAULTS = FULL ? 4 : 2

it(
  `one session for each shard and no event lost, while members and Redis die, in ${RUNS} runs from SOAK_SEED=${FIRST_SEED}`,
  async () => {
    let next = FIRST_SEED
    const failed: object[] = []
    const work = async (): Promise<void> => {
      while (next < FIRST_SEED + RUNS) {
        const seed = next++
        const { violations, script } = await runChaos(seed, MOST_FAULTS)
        if (violations.length > 0) failed.push({ seed, violations, script })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    expect(failed).toEqual([])
  },
  RUNS * 120_000,
)
