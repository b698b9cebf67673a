import { expect, it } from 'vitest'
import { seedCount } from '../support/matrix.js'
import { runOpenClawScript } from './fault-script.js'

/** The runs that scripts/openclaw-soak.ts makes by the hundred, with other seeds each time. */
const FIRST_SEED = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

it.concurrent.each(Array.from({ length: seedCount(200) }, (_, index) => FIRST_SEED + index))(
  'no reply is lost and no message is sent twice under the fault script of SOAK_SEED=%i',
  async (seed) => {
    const { violations, script } = await runOpenClawScript(seed)
    expect({ script, violations }).toEqual({ script, violations: [] })
  },
  180_000,
)
