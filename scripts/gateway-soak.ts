/**
 * The gateway client under random scripts of faults.
 *
 *     npm run soak:gateway [-- RUNS [FIRST_SEED [AT_ONE_TIME]]]
 *
 * SOAK_THROUGH=carbon or discord.js runs the scripts through that adapter.
 *
 * Ends with 1 if any run broke a promise. A seed repeats its script; the times at which its faults strike depend
 * on the machine.
 */
import { carbonBot, discordjsBot } from '../test/adapters/fault-bots.js'
import { ownBot, type StartBot } from '../test/gateway/fault-bot.js'
import { runFaultScript } from '../test/gateway/fault-script.js'
import { wholeNumbers } from './soak-arguments.js'

const { runs, firstSeed, atOnce } = wholeNumbers(
  'npm run soak:gateway [-- RUNS [FIRST_SEED [AT_ONE_TIME]]]',
  {
    runs: 500,
    firstSeed: Math.floor(Math.random() * 2 ** 31),
    atOnce: 16,
  },
)

const bots: Readonly<Record<string, StartBot>> = {
  gateway: ownBot,
  carbon: carbonBot,
  'discord.js': discordjsBot,
}
const through = process.env['SOAK_THROUGH'] ?? 'gateway'
const startBot = bots[through]
if (startBot === undefined) {
  console.error(`SOAK_THROUGH is one of ${Object.keys(bots).join(', ')}, not ${through}`)
  process.exit(2)
}

console.log(`${runs} runs through ${through} from seed ${firstSeed}, ${atOnce} at one time`)
let nextSeed = firstSeed
const failed: number[] = []
const total = { dispatched: 0, faults: 0, sessions: 0, resumes: 0 }

async function work(): Promise<void> {
  while (nextSeed < firstSeed + runs) {
    const seed = nextSeed++
    const result = await runFaultScript(seed, startBot).catch((error: unknown) => {
      failed.push(seed)
      console.log(`seed ${seed} could not be run to its end:`, error)
    })
    if (result === undefined) continue
    total.dispatched += result.dispatched
    total.faults += result.script.length
    total.sessions += result.sessions
    total.resumes += result.resumes
    const done = seed - firstSeed + 1
    if (result.violations.length > 0) {
      failed.push(seed)
      console.log(`seed ${seed}: ${result.violations.join('; ')}\n  ${result.script.join('\n  ')}`)
    } else if (runs === 1) console.log(`  ${result.script.join('\n  ')}`)
    else if (done % 25 === 0) console.log(`run ${done} of ${runs} has begun and ended well`)
  }
}

await Promise.all(Array.from({ length: atOnce }, work))
console.log(
  `${runs - failed.length} of ${runs} runs kept every promise: ${total.faults} faults, ${total.dispatched} events, ` +
    `${total.resumes} resumes, ${total.sessions} sessions`,
)
if (failed.length > 0) {
  console.log(`seeds that did not: ${failed.join(' ')}`)
  process.exitCode = 1
}
