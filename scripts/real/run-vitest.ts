import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'

export interface VitestRun {
  readonly args: readonly string[]
  readonly config?: string
  /** The Node that runs it. Default: this one. */
  readonly node?: string
  readonly env?: Readonly<Record<string, string>>
  /** Where its output goes. Default: to the terminal. */
  readonly onOutput?: (text: string) => void
}

const ROOT = join(import.meta.dirname, '../..')
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')

/** vitest under a Node of choice. Resolves with its exit code. */
export function runVitest(run: VitestRun, before: readonly string[] = []): Promise<number> {
  const { args, config = 'vitest.real.config.ts', node = process.execPath, env = {}, onOutput } = run
  const command = [...before, node, VITEST, 'run', '--config', config, ...args]
  const [program = '', ...rest] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: onOutput === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => onOutput?.(chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/** The same where there is no network but an empty loopback. */
export function runVitestSealedOff(run: VitestRun): Promise<number> {
  return runVitest(run, ['unshare', '--net', '--', 'sh', '-ec', 'ip link set lo up; exec "$@"', 'sh'])
}
