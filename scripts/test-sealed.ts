/**
 * `npm run test:sealed`: a real Carbon bot where nothing but a proxy can be reached, then the same with faults.
 * Arguments go to vitest. REQUIRE_REAL_PROXIES=1 makes a failure of what would be skipped.
 */
import process from 'node:process'
import { runVitest } from './real/run-vitest.js'
import { skippedAloud } from './real/skipped.js'

if (!skippedAloud('test:sealed')) {
  process.exitCode = await runVitest({ args: ['test/sealed', 'test/impaired', ...process.argv.slice(2)] })
}
