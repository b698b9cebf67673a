/**
 * Members of a fleet and their Redis die, stop and lose their memory at random.
 *
 *     npm run soak:fleet [-- RUNS [FIRST_SEED [AT_ONE_TIME]]]
 *
 * Ends with 1 if any run broke a promise. A seed repeats its script; the times at which its faults strike depend on the
 * machine. Needs redis-server.
 */
import { runChaos } from '../test/fleet/chaos.js'
import { wholeNumbers } from './soak-arguments.js'

const { runs, firstSeed, atOnce } = wholeNumbers('npm run soak:fleet [-- RUNS [FIRST_SEED [AT_ONE_TIME]]]', {
  runs: 100,
  firstSeed: Math.floor(Math.random() * 2 ** 31),
  atOnce: 4,
})

console.log(`${runs} runs from seed ${firstSeed}, ${atOnce} at one time`)
let nextSeed = firstSeed
const failed: number[] = []
const total = { events: 0, repeated: 0, resumes: 0 }

async function work(): Promise<void> {
  while (nextSeed < firstSeed + runs) {
    const seed = nextSeed++
    const result = await runChaos(seed).catch((error: unknown) => {
      failed.push(seed)
      console.log(`seed ${seed} could not be run to its end:`, error)
    })
    if (result === undefined) continue
    total.events += result.events
    total.repeated += result.repeated
    total.resumes += result.resumes
    if (result.violations.length > 0) {
      failed.push(seed)
      console.log(`seed ${seed}: ${result.violations.join('; ')}\n  ${result.script.join('\n  ')}`)
      if (process.env['SOAK_LOG'] === '1') console.log(`  ${result.log.join('\n  ')}`)
    } else if (runs === 1) console.log(`  ${result.script.join('\n  ')}`)
    else if ((seed - firstSeed + 1) % 10 === 0)
      console.log(`run ${seed - firstSeed + 1} of ${runs} ended well`)
  }
}

await Promise.all(Array.from({ length: atOnce }, work))
console.log(
  `${runs - failed.length} of ${runs} runs kept every promise: ${total.events} events, ${total.repeated} of them twice ` +
    `and marked, ${total.resumes} resumes`,
)
if (failed.length > 0) {
  console.log(`seeds that did not: ${failed.join(' ')}`)
  process.exitCode = 1
}
