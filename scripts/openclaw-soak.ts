/**
 * The client of OpenClaw's gateway under random scripts of faults.
 *
 *     npm run soak:openclaw [-- RUNS [FIRST_SEED [AT_ONE_TIME]]]
 *
 * Ends with 1 if any run lost a reply or sent a message twice.
 */
import { runOpenClawScript } from '../test/openclaw/fault-script.js'
import { wholeNumbers } from './soak-arguments.js'

const { runs, firstSeed, atOnce } = wholeNumbers(
  'npm run soak:openclaw [-- RUNS [FIRST_SEED [AT_ONE_TIME]]]',
  { runs: 200, firstSeed: Math.floor(Math.random() * 2 ** 31), atOnce: 8 },
)

console.log(`${runs} runs from seed ${firstSeed}, ${atOnce} at one time`)
let nextSeed = firstSeed
const failed: number[] = []
const total = { replies: 0, faults: 0 }

async function work(): Promise<void> {
  while (nextSeed < firstSeed + runs) {
    const seed = nextSeed++
    const result = await runOpenClawScript(seed).catch((error: unknown) => {
      failed.push(seed)
      console.log(`seed ${seed} could not be run to its end:`, error)
    })
    if (result === undefined) continue
    total.replies += result.replies
    total.faults += result.script.length
    if (result.violations.length === 0) continue
    failed.push(seed)
    console.log(`seed ${seed}: ${result.violations.join('; ')}\n  ${result.script.join('\n  ')}`)
  }
}

await Promise.all(Array.from({ length: atOnce }, work))
console.log(
  `${runs - failed.length} of ${runs} runs kept every promise: ${total.faults} faults, ${total.replies} replies`,
)
if (failed.length > 0) {
  console.log(`seeds that did not: ${failed.join(' ')}`)
  process.exitCode = 1
}
