#!/usr/bin/env node
import { installCrashHandler } from './crash.js'
import { run } from './program.js'

installCrashHandler()
process.exitCode = await run(process.argv)
