/**
 * `npm run test:runtimes`: the built package under Bun and Deno, which come from npm. The tests and their lab run in
 * this Node; each bot is a process of its own. Arguments go to vitest.
 */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { runVitest } from './real/run-vitest.js'
import { skippedAloud } from './real/skipped.js'

if (!skippedAloud('test:runtimes')) {
  await access(join(import.meta.dirname, '../dist/index.js')).catch(() => {
    throw new Error('nothing is built: npm run build comes first')
  })
  const args = process.argv.slice(2)
  process.exitCode = await runVitest({ config: 'vitest.runtimes.config.ts', args })
}
