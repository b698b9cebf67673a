#!/usr/bin/env node
import { installCrashHandler } from './crash.js'
import { EXIT } from './exit-codes.js'
import { run } from './program.js'
import { systemCode } from './system-code.js'

installCrashHandler()
process.stdout.on('error', (error: Error) => {
  const code = systemCode(error)
  // `| head` has seen enough: nothing went wrong.
  if (code === 'EPIPE') process.exit()
  process.stderr.write(`error: the output cannot be written (${code ?? error.name})\n`)
  process.exit(EXIT.failed)
})
// A closed standard error needs no report: its reader has gone.
process.stderr.on('error', () => undefined)
void run(process.argv).then((code) => (process.exitCode = code))
