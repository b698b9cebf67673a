/**
 * 10 000 Create Message calls through a proxy that resets, stalls or closes 20 % of its connections at random
 * points. Exits with 1 if a message is missing or doubled, or a rejection does not say whether it may exist.
 *
 *     npm run soak:delivery [-- CALLS [SEED]]
 */
import { runDeliverySoak } from '../test/rest/delivery/soak.js'
import { wholeNumbers } from './soak-arguments.js'

const { calls, seed } = wholeNumbers('npm run soak:delivery [-- CALLS [SEED]]', {
  calls: 10_000,
  seed: Date.now() % 2 ** 31,
})
console.log(`${calls} calls, seed ${seed}`)
// Some of the connections that are to break end by themselves before they have come so far: 20 % are left.
const share = 0.3
const startedAt = performance.now()
const { violations, ...report } = await runDeliverySoak({
  calls,
  seed,
  concurrency: 16,
  attempts: 8,
  share,
})
console.log({ ...report, seconds: Number(((performance.now() - startedAt) / 1000).toFixed(1)) })
for (const violation of violations.slice(0, 50)) console.error(violation)
console.log(violations.length === 0 ? 'every promise held' : `${violations.length} promises were broken`)
process.exitCode = violations.length === 0 ? 0 : 1
