/**
 * `npm test`: every suite that this machine can run, one after the other. `npm run test:full` (--full) sets TEST_FULL=1,
 * which makes the lists of cases whole matrices with all their seeds.
 *
 * A table at the end names each suite that was skipped, with the reason. The last line is `N passed, N failed`, and
 * `, N skipped` where something was. With CI=true a skipped suite or test is a failure.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { obstacles } from './test-requirements.js'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

interface Stage {
  readonly name: string
  /** An npm script. A vitest one is counted by its tests, any other is one test. */
  readonly script: string
  readonly vitest?: boolean
}

if (process.argv.includes('--full')) process.env['TEST_FULL'] = '1'

const STAGES: readonly Stage[] = [
  { name: 'types', script: 'typecheck' },
  { name: 'lint', script: 'lint' },
  { name: 'layers', script: 'layers' },
  { name: 'format', script: 'format:check' },
  { name: 'build', script: 'build' },
  { name: 'tests', script: 'test:unit', vitest: true },
  { name: 'programs', script: 'test:programs', vitest: true },
  { name: 'real proxies', script: 'test:real', vitest: true },
  { name: 'fleet with Redis', script: 'test:fleet', vitest: true },
  { name: 'sealed network', script: 'test:sealed', vitest: true },
  { name: 'Bun and Deno', script: 'test:runtimes', vitest: true },
  { name: 'API reference', script: 'docs:reference' },
  { name: 'site', script: 'test:site', vitest: true },
  { name: 'other Node lines', script: 'test:nodes' },
]

const folder = await mkdtemp(join(tmpdir(), 'discord-transport-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }
const table: string[] = []
/** Again at the end, where a long log is read first. */
const failures: string[] = []
try {
  for (const stage of STAGES) {
    const obstacle = obstacles[stage.script]?.()
    if (obstacle !== undefined) {
      add(stage, { passed: 0, failed: 0, skipped: 1 }, 0, obstacle)
      continue
    }
    console.log(`\n── ${stage.name} (npm run ${stage.script})`)
    const startedAt = performance.now()
    const count = await run(stage)
    add(stage, count, performance.now() - startedAt)
    // Without them the results of the later suites mean nothing.
    if (count.failed > 0 && (stage.script === 'typecheck' || stage.script === 'build')) break
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`\n${[...table, ...failures].join('\n')}\n`)
const strict = process.env['CI'] === 'true'
if (strict && total.skipped > 0) console.log('In CI nothing may be skipped.')
process.exitCode = total.failed > 0 || total.passed === 0 || (strict && total.skipped > 0) ? 1 : 0
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
)

function add(stage: Stage, count: Count, ms: number, skippedBecause?: string): void {
  total.passed += count.passed
  total.failed += count.failed
  total.skipped += count.skipped
  const outcome =
    skippedBecause === undefined
      ? `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped in ${(ms / 1000).toFixed(0)} s`
      : `SKIPPED: ${skippedBecause}`
  table.push(`${stage.name.padEnd(18)} ${outcome}`)
}

async function run(stage: Stage): Promise<Count> {
  const report = join(folder, `${stage.script.replace(':', '-')}.json`)
  const reporters = ['--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const succeeded = await npm(['run', stage.script, ...(stage.vitest === true ? reporters : [])])
  if (stage.vitest === true) {
    const count = await readReport(report)
    // A file that fails to load, a leak or an unhandled rejection fails the run and none of its tests.
    if (count !== undefined) {
      if (succeeded || count.failed > 0) return count
      failures.push(
        `\nFAILED: ${stage.name}: no test of it, but its run: a leak or an unhandled error; see its output`,
      )
      return { ...count, failed: 1 }
    }
  }
  return succeeded ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

function addFailure(file: string, name: string, message: string): void {
  failures.push(`\nFAILED: ${relative(process.cwd(), file)}: ${name}\n${message.slice(0, 2_000)}`)
}

function npm(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' })
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0))
  })
}

async function readReport(path: string): Promise<Count | undefined> {
  let report: Report
  try {
    report = JSON.parse(await readFile(path, 'utf8')) as Report
  } catch {
    return undefined
  }
  const skipped = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
  for (const { fullName } of skipped) console.log(`SKIPPED: ${fullName}`)
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    for (const { fullName, failureMessages } of failed)
      addFailure(file.name, fullName, failureMessages.join('\n'))
    if (file.status === 'failed' && failed.length === 0) addFailure(file.name, 'the file', file.message)
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: skipped.length,
  }
}
