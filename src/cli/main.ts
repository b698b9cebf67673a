#!/usr/bin/env node
import { installCrashHandler } from './crash.js'
import { say } from '../messages/index.js'
import { EXIT } from './exit-codes.js'
import { run } from './program.js'
import { systemCode } from '../errors.js'

installCrashHandler()
process.stdout.on('error', (error: Error) => {
  const code = systemCode(error)
  // `| head` has seen enough: nothing went wrong.
  if (code === 'EPIPE') process.exit()
  process.stderr.write(`${say('command.error')} ${say('usage.output', { code: code ?? error.name })}\n`)
  process.exit(EXIT.failed)
})
// A closed standard error needs no report: its reader has gone.
process.stderr.on('error', () => undefined)
void run(process.argv).then((code) => (process.exitCode = code))
