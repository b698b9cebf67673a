import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { libraryBuild } from '../../tsup.config.js'

export interface RunOptions {
  /** All of the child's environment but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The command as it is published, built once for a test file. */
export interface BuiltCommand {
  readonly path: string
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
  start(args: readonly string[], options?: RunOptions): ChildProcessWithoutNullStreams
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Builds it before the tests of this file. Inside node_modules, where it finds its dependencies. */
export function builtCommand(): BuiltCommand {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(ROOT, 'node_modules', '.cli-'))
    await build({
      ...libraryBuild,
      entry: { cli: join(ROOT, 'src/cli/main.ts') },
      outDir: directory,
      silent: true,
      config: false,
      clean: false,
    })
  }, 60_000)
  afterAll(() => rm(directory, { recursive: true }))

  const start = (args: readonly string[], { env = {} }: RunOptions = {}): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, [join(directory, 'cli.cjs'), ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
      stdio: 'pipe',
    })
  return {
    get path() {
      return join(directory, 'cli.cjs')
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

/** A file for the rest of the test. */
export async function writeTemporary(name: string, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'discord-transport-cli-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}
