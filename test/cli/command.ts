import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { beforeAll } from 'vitest'
import { builtPackage } from '../support/processes/built-package.js'
import type { Ended, RunOptions } from './in-process.js'

export interface StartOptions extends RunOptions {
  readonly input?: string
}

/** The command as it is published, in a process of its own. `runCommand` costs less, where no process is needed. */
export interface BuiltCommand {
  readonly path: string
  readonly run: (args: readonly string[], options?: StartOptions) => Promise<Ended>
  start(args: readonly string[], options?: RunOptions): ChildProcessWithoutNullStreams
}

/** The command for the tests of this file. */
export function builtCommand(): BuiltCommand {
  let path = ''
  beforeAll(async () => {
    path = (await builtPackage()).command
  }, 60_000)

  const start = (args: readonly string[], { env = {} }: RunOptions = {}): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, [path, ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
      stdio: 'pipe',
    })
  return {
    get path() {
      return path
    },
    start,
    async run(args, options = {}) {
      const child = start(args, options)
      child.stdin.end(options.input ?? '')
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close') as Promise<[number | null]>,
      ])
      return { code, stdout, stderr }
    },
  }
}
