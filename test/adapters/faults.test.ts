import { describe, expect, it } from 'vitest'
import { runFaultScript } from '../gateway/fault-script.js'
import { FULL } from '../support/matrix.js'
import { carbonBot, discordjsBot } from './fault-bots.js'

const RUNS = FULL ? 30 : 4
const FIRST_SEED = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

describe.each([
  ["Carbon's plugin", carbonBot],
  ['discord.js', discordjsBot],
])('Through %s', (_, startBot) => {
  it.concurrent.each(Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index))(
    'events come complete, in order and once under the fault script of SOAK_SEED=%i',
    async (seed) => {
      const { violations, script } = await runFaultScript(seed, startBot)
      expect({ script, violations }).toEqual({ script, violations: [] })
    },
    180_000,
  )
})
