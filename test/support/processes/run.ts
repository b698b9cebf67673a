import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { compiled } from './compiled.js'

export interface Finished {
  readonly code: number | null
  readonly output: string
  readonly errors: string
  /** Milliseconds from its first line of output to its end. */
  readonly lingered: number
}

/** Runs a TypeScript file beside this one to its end. */
export async function runProcess(
  file: string,
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<Finished> {
  const path = await compiled(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...nodeOptions, path], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let answeredAt = 0
  child.stdout.once('data', () => (answeredAt = performance.now()))
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { code, output, errors, lingered: performance.now() - answeredAt }
}
