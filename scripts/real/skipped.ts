import process from 'node:process'
import { obstacles } from '../test-requirements.js'

/** Says so, and fails where it must not be, if this machine cannot run a suite. */
export function skippedAloud(suite: string): boolean {
  const obstacle = obstacles[suite]?.()
  if (obstacle === undefined) return false
  const required = process.env['REQUIRE_REAL_PROXIES'] === '1'
  console.log(`${required ? 'FAILED' : 'SKIPPED'}: npm run ${suite} ${obstacle}`)
  if (required) process.exitCode = 1
  return true
}
