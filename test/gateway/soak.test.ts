import { expect, it } from 'vitest'
import { seedCount } from '../support/matrix.js'
import { runFaultScript } from './fault-script.js'

/** As many as `npm run soak:gateway` makes, or a few of them, with other seeds each time. */
const RUNS = seedCount(500)
const FIRST_SEED = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

it.concurrent.each(Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index))(
  'events come complete, in order and once under the fault script of SOAK_SEED=%i',
  async (seed) => {
    const { violations, script } = await runFaultScript(seed)
    expect({ script, violations }).toEqual({ script, violations: [] })
  },
  180_000,
)
