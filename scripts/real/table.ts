import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { readResults, RESULTS_FOLDER, type ProxyResult, type RunResult } from '../../test/real/results.js'

const BEGIN = '<!-- results: begin (written by scripts/real/update-docs.ts) -->'
const END = '<!-- results: end -->'

/** The lines of Node on which a proxy's case has passed, or failed. */
function cell(runs: readonly RunResult[], proxy: string, column: string): string {
  const outcomes = runs.flatMap(({ node, proxies }) => {
    const outcome = proxies.find((one) => one.proxy === proxy)?.cases[column]
    return outcome === undefined ? [] : [{ line: node.split('.', 1)[0] ?? '', outcome }]
  })
  if (outcomes.length === 0) return ''
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed').map(({ line }) => line)
  return failed.length > 0 ? `✘ ${[...new Set(failed)].join(' ')}` : '✔'
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** In the order of the list of cases, which no single proxy may have been put to as a whole. */
function columnsOf(runs: readonly RunResult[]): readonly string[] {
  const results = runs.flatMap(({ proxies }) => proxies)
  const order = runs.find(({ columns }) => columns.length > 0)?.columns ?? []
  const seen = new Set(results.flatMap(({ cases }) => Object.keys(cases)))
  return [...order.filter((column) => seen.has(column)), ...[...seen].filter((one) => !order.includes(one))]
}

/** One row for each proxy, one column for each case. */
export function resultsTable(runs: readonly RunResult[]): string {
  const columns = columnsOf(runs)
  const proxies = new Map<string, ProxyResult>()
  for (const run of runs) for (const result of run.proxies) proxies.set(result.proxy, result)
  const ran = runs
    .map(({ node, form }) => `${node} (${form})`)
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
  const rows = [...proxies.values()].map(({ proxy, versions }) =>
    row([proxy, versions, ...columns.map((column) => cell(runs, proxy, column))]),
  )
  const skipped = [...new Set(runs.flatMap((run) => run.skipped.map(({ proxy }) => proxy)))]
  return [
    `Node.js ${ran.join(', ')}. ✔: passed on all of them; empty: there is nothing of the kind to try.`,
    '',
    row(['proxy', 'version', ...columns]),
    row(['---', '---', ...columns.map(() => ':-:')]),
    ...rows,
    ...(skipped.length > 0 ? ['', `Not installed where this ran: ${skipped.join(', ')}.`] : []),
  ].join('\n')
}

/** The table of all recorded runs, on the terminal and beside the records. */
export function showTable(): void {
  const table = resultsTable(readResults())
  console.log(`\n${table}\n`)
  writeFileSync(join(RESULTS_FOLDER, 'table.md'), `${table}\n`)
}

/** Puts it between the markers of a document. */
export async function updateDocument(document: string): Promise<void> {
  const text = readFileSync(document, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`${document} has no markers for the table`)
  const updated = `${before}${BEGIN}\n\n${resultsTable(readResults())}\n\n${END}${after}`
  writeFileSync(document, await format(updated, { ...(await resolveConfig(document)), parser: 'markdown' }))
}
