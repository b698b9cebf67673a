#!/usr/bin/env node
import { installCrashHandler } from './crash.js'
import { run } from './program.js'
import { systemCode } from './system-code.js'

installCrashHandler()
// `| head` has seen enough: nothing went wrong.
process.stdout.on('error', (error) => {
  if (systemCode(error) === 'EPIPE') process.exit()
  throw error
})
process.exitCode = await run(process.argv)
