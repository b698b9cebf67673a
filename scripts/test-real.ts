/**
 * `npm run test:real`: the list of cases through every real proxy on this machine. Arguments go to vitest.
 *
 * It runs in a network namespace of its own: port 443 is free there, and nothing but what the run starts can
 * answer. REQUIRE_REAL_PROXIES=1 makes a failure of what would be skipped.
 */
import process from 'node:process'
import { showTable } from './real/table.js'
import { runVitestSealedOff } from './real/run-vitest.js'
import { skippedAloud } from './real/skipped.js'

if (!skippedAloud('test:real')) {
  const code = await runVitestSealedOff({ args: ['test/real', ...process.argv.slice(2)] })
  showTable()
  process.exitCode = code
}
