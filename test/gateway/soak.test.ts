import { expect, it } from 'vitest'
import { runFaultScript } from './fault-script.js'

/** A few of the runs that scripts/gateway-soak.ts makes by the hundred, with other seeds each time. */
const RUNS = 6
const FIRST_SEED = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

it.concurrent.each(Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index))(
  'events come complete, in order and once under the fault script of SOAK_SEED=%i',
  async (seed) => {
    const { violations, script } = await runFaultScript(seed)
    expect({ script, violations }).toEqual({ script, violations: [] })
  },
  180_000,
)
