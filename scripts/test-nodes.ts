/**
 * `npm run test:nodes`: the built package as a user has it, on every supported line of Node. Packs it, installs
 * the tarball into an empty project, and runs there every scheme through the lab, and (root, Linux) the list of cases
 * through every real proxy: each once on each line, by `import` or by `require`, and each real proxy on one line. With
 * TEST_FULL=1 each on every line and by both. `NODE_LINES=24,26` chooses lines.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { SCENARIOS } from '../test/e2e/scenarios.js'
import { everyPair, FULL } from '../test/support/matrix.js'
import { installNode, NODE_LINES, type NodeBinary } from './nodes/install-node.js'
import { installPackage } from './nodes/install-package.js'
import { runVitest, runVitestSealedOff } from './real/run-vitest.js'
import { skippedAloud } from './real/skipped.js'
import { showTable } from './real/table.js'

const FORMS = ['import', 'require'] as const
type Form = (typeof FORMS)[number]

interface Suite {
  readonly name: string
  readonly run: (
    node: NodeBinary,
    form: Form,
    env: Readonly<Record<string, string>>,
  ) => Promise<string | undefined>
}

const lines = process.env['NODE_LINES']?.split(',') ?? NODE_LINES

/** Each scheme meets each line and each form. */
const MATRIX = everyPair({ scheme: SCENARIOS.map(({ scheme }) => scheme), line: lines, form: FORMS })

function schemesFor({ version }: NodeBinary, form: Form): string {
  const rows = MATRIX.filter((row) => version.startsWith(`${row.line}.`) && row.form === form)
  return rows.map(({ scheme }) => scheme).join()
}

/** Resolves with what vitest wrote where it failed. */
async function quietly(
  run: typeof runVitest,
  { path }: NodeBinary,
  env: Readonly<Record<string, string>>,
  [config, ...args]: readonly [config: string, ...args: string[]],
): Promise<string | undefined> {
  let output = ''
  const code = await run({ node: path, config, args, env, onOutput: (text) => (output += text) })
  return code === 0 ? undefined : output
}

/** They run the preload by both forms themselves: once on each line is enough. */
const PRELOAD = ['test/process/register.programs.ts', 'test/process/children.programs.ts']

const LAB: Suite = {
  name: 'every scheme through the lab',
  run: (node, form, env) => {
    const surfaces = ['test/process/surfaces.programs.ts', ...(form === 'import' ? PRELOAD : [])]
    const suite = ['vitest.config.ts', 'test/e2e', ...surfaces] as const
    return quietly(runVitest, node, { ...env, E2E_SCHEMES: schemesFor(node, form) }, suite)
  },
}

const REAL: Suite = {
  name: FULL ? 'every case through every real proxy' : 'every case through its part of the real proxies',
  run: (node, _form, env) => {
    const part = lines.findIndex((line) => node.version.startsWith(`${line}.`)) + 1
    const dealt = FULL ? {} : { REAL_PROXIES_PART: `${part}/${lines.length}` }
    const suite = ['vitest.real.config.ts', 'test/real/proxies.real.ts'] as const
    return quietly(runVitestSealedOff, node, { ...env, ...dealt }, suite)
  },
}

const folder = await mkdtemp(join(tmpdir(), 'discord-transport-nodes-'))
let failures = 0
try {
  const nodes = await Promise.all(lines.map(installNode))
  const project = await installPackage(folder)
  for (const node of nodes) loadEverything(node, project)
  const realSkipped = skippedAloud('test:real')
  // The real proxies wait more than they work, and each run has a network of its own: all lines at once.
  await Promise.all(nodes.map((node) => runSuites(node, realSkipped ? [] : [REAL], ['import'])))
  for (const node of nodes) await runSuites(node, [LAB], FORMS)
  if (!realSkipped) showTable()
} finally {
  await rm(folder, { recursive: true, force: true })
}
if (failures > 0) process.exitCode = 1
console.log(failures === 0 ? 'Every line of Node passed.' : `${failures} runs failed.`)

async function runSuites(node: NodeBinary, suites: readonly Suite[], forms: readonly Form[]): Promise<void> {
  for (const { name, run } of suites) {
    const runForm = async (form: Form): Promise<void> => {
      const startedAt = performance.now()
      const env = { SUBJECT_DIRECTORY: join(folder, 'project'), SUBJECT_FORM: form }
      const output = await run(node, form, env)
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
      const outcome = output === undefined ? 'passed' : 'FAILED'
      console.log(`Node ${node.version}, ${form}: ${name} ${outcome} in ${seconds} s`)
      if (output === undefined) return
      failures += 1
      console.log(output)
    }
    await Promise.all(forms.map(runForm))
  }
}

/** What the package exports, each subpath by both ways in. */
function loadEverything({ path, version }: NodeBinary, project: string): void {
  for (const form of FORMS) {
    try {
      execFileSync(path, [`load-by-${form}.cjs`], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
      console.log(`Node ${version}, ${form}: every subpath loads`)
    } catch (error) {
      failures += 1
      console.log(`Node ${version}, ${form}: a subpath does not load\n`, error)
    }
  }
}
