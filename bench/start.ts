/**
 * `npm run bench:start`: what a preload costs the start of a process, in turns: Node alone, the install of
 * @openclaw/proxyline (npm run bench:peers), and discord-transport/register. Milliseconds from the start of an empty
 * program to its end. `BENCH_NODE` is a line of Node from 22 on, which proxyline needs; `BENCH_ROUNDS` how often.
 */
import { execFile } from 'node:child_process'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { installNode } from '../scripts/nodes/install-node.js'
import { findPeer } from './peers/resolve.js'
import { median, pairedRatio } from './statistics.js'

const run = promisify(execFile)
const PROXY = 'http://127.0.0.1:3128'
const REGISTER = join(import.meta.dirname, '../dist/register.js')

await access(REGISTER).catch(() => {
  throw new Error('nothing is built: npm run build comes first')
})
const node = await installNode(process.env['BENCH_NODE'] ?? '22')
const rounds = Number(process.env['BENCH_ROUNDS'] ?? '15')
const folder = await mkdtemp(join(tmpdir(), 'discord-transport-bench-'))
try {
  const rows = await contenders()
  for (let round = 0; round < rounds; round += 1) for (const row of rows) row.ms.push(await start(row.flags))
  const peer = rows.find(({ name }) => name.startsWith('proxyline'))
  console.log(`Node ${node.version}, median of ${rounds}:`)
  for (const { name, ms } of rows) {
    const ratio = peer === undefined ? undefined : pairedRatio(ms, peer.ms)
    const beside = ratio === undefined ? '' : `, ${ratio.toFixed(2)} of proxyline`
    console.log(`${name.padEnd(24)} ${(median(ms) ?? 0).toFixed(0).padStart(5)} ms${beside}`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

interface Row {
  readonly name: string
  readonly flags: readonly string[]
  readonly ms: number[]
}

async function contenders(): Promise<readonly Row[]> {
  const rows: Row[] = [
    { name: 'Node alone', flags: [], ms: [] },
    { name: 'register', flags: ['--import', pathToFileURL(REGISTER).href], ms: [] },
  ]
  const peer = findPeer('@openclaw/proxyline')
  if (peer === undefined) {
    console.log('@openclaw/proxyline is not installed: npm run bench:peers')
    return rows
  }
  const file = join(folder, 'proxyline.mjs')
  const install = `installGlobalProxy({ mode: 'managed', proxyUrl: '${PROXY}' })`
  await writeFile(file, `import { installGlobalProxy } from ${JSON.stringify(peer)}\n${install}\n`)
  return [...rows, { name: 'proxyline, install', flags: ['--import', pathToFileURL(file).href], ms: [] }]
}

async function start(flags: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  await run(node.path, [...flags, '--eval', '0'], { env: { PATH: process.env['PATH'], HTTPS_PROXY: PROXY } })
  return performance.now() - startedAt
}
