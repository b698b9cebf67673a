import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseOutcome } from '../cases/index.js'

/** A proxy and how its cases went. */
export interface ProxyResult {
  readonly proxy: string
  readonly versions: string
  readonly cases: Readonly<Record<string, CaseOutcome['outcome']>>
}

/** One run: a Node line, and one form of the package. */
export interface RunResult {
  readonly node: string
  /** `sources`, `import` or `require`. */
  readonly form: string
  /** Of the list of cases, in its order. */
  readonly columns: readonly string[]
  readonly proxies: readonly ProxyResult[]
  readonly skipped: readonly { readonly proxy: string; readonly missing: readonly string[] }[]
}

/** Written by every run, read by scripts/real/table.ts; not part of the repository. */
export const RESULTS_FOLDER = join(import.meta.dirname, '../../results/real-proxies')

export function writeResult(run: RunResult): void {
  mkdirSync(RESULTS_FOLDER, { recursive: true })
  const name = `node-${run.node.split('.', 1)[0] ?? ''}-${run.form}.json`
  writeFileSync(join(RESULTS_FOLDER, name), `${JSON.stringify(run, undefined, 2)}\n`)
}

export function readResults(): readonly RunResult[] {
  return readdirSync(RESULTS_FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(RESULTS_FOLDER, name), 'utf8')) as RunResult)
}
