import { existsSync } from 'node:fs'
import { describeMachine } from './machine.js'
import { writePerformancePage } from './performance-page.js'
import { runBench } from './run.js'
import { runTunnelCounts } from './tunnel-counts.js'
import { parseCommandLine, USAGE } from './settings.js'
import { renderTables } from './tables.js'
import { checkTargets, renderTargets } from './targets.js'

const commandLine = parseCommandLine(process.argv.slice(2))
if (commandLine === 'help') console.log(USAGE)
else await bench(commandLine)

async function bench({ settings, json, write, tunnels }: Exclude<typeof commandLine, 'help'>): Promise<void> {
  if (!existsSync(new URL(settings.entry))) throw new Error('not built: npm run build')
  if (tunnels) {
    console.log(`Machine: ${describeMachine()}.\n\n${await runTunnelCounts(settings.entry)}`)
    return
  }
  const startedAt = performance.now()
  const results = await runBench(settings, (line) => console.error(`· ${line}`))
  const targets = checkTargets(results)
  if (json) {
    const loads = results.map((result) => ({
      ...result,
      loads: Object.fromEntries(result.loads),
      firstSends: Object.fromEntries(result.firstSends),
    }))
    console.log(JSON.stringify({ machine: describeMachine(), targets, results: loads }, null, 2))
    return
  }
  const text = [
    `Machine: ${describeMachine()}.`,
    renderTables(results, settings.uploadBytes),
    `### Targets\n\nAt 16 at a time.\n\n${renderTargets(targets)}`,
  ].join('\n\n')
  console.log(`\n${text}\n\n${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
  if (write) await writePerformancePage(text)
}
