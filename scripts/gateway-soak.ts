/**
 * The gateway client under random scripts of faults.
 *
 *   tsx scripts/gateway-soak.ts [runs = 500] [first seed = at random] [at one time = 16]
 *
 * Ends with 1 if any run broke a promise. A seed repeats its script; the times at which its faults strike depend
 * on the machine.
 */
import { runFaultScript } from '../test/gateway/client/fault-script.js'

const [runs = 500, firstSeed = Math.floor(Math.random() * 2 ** 31), atOnce = 16] = process.argv
  .slice(2)
  .map(Number)
if (![runs, firstSeed, atOnce].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  console.error('Usage: tsx scripts/gateway-soak.ts [runs] [first seed] [at one time]')
  process.exit(2)
}

console.log(`${runs} runs from seed ${firstSeed}, ${atOnce} at one time`)
let nextSeed = firstSeed
const failed: number[] = []
const total = { dispatched: 0, faults: 0, sessions: 0, resumes: 0 }

async function work(): Promise<void> {
  while (nextSeed < firstSeed + runs) {
    const seed = nextSeed++
    const result = await runFaultScript(seed).catch((error: unknown) => {
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
