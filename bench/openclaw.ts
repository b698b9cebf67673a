/**
 * `npm run bench:openclaw`: what a client of OpenClaw's gateway costs a process, in turns: Node alone, ours, and
 * @openclaw/gateway-client (npm run bench:peers). Each runs in a process of its own against the fake gateway of the
 * tests. `BENCH_NODE` is a line of Node from 22 on, which the peer needs; `BENCH_ROUNDS` how often.
 */
import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { installNode } from '../scripts/nodes/install-node.js'
import { FakeGateway } from '../test/lab/openclaw/fake-gateway.js'
import { describeMachine } from './machine.js'
import { findPeer } from './peers/resolve.js'
import { median } from './statistics.js'

const run = promisify(execFile)
const REQUESTS = 2_000
const MEBIBYTE = 1024 * 1024
const OURS = join(import.meta.dirname, '../dist/openclaw.js')
const PEER = '@openclaw/gateway-client'

/** Of one process. Milliseconds count from its start. */
interface Figures {
  readonly imported: number
  readonly connected: number
  /** Milliseconds for all requests, one after the other. */
  readonly requests: number
  /** Bytes that the process has in memory, after a collection. */
  readonly idle: number
  readonly busy: number
}

interface Row {
  readonly name: string
  /** Defines `load()`, and `open()` which gives a function that sends one request, and one that ends. */
  readonly code: string
  readonly figures: Figures[]
}

await access(OURS).catch(() => {
  throw new Error('nothing is built: npm run build comes first')
})
const node = await installNode(process.env['BENCH_NODE'] ?? '22')
const rounds = Number(process.env['BENCH_ROUNDS'] ?? '9')
const gateway = await FakeGateway.start()
try {
  const rows = contenders()
  for (let round = 0; round < rounds; round += 1) for (const row of rows) row.figures.push(await measure(row))
  console.log(`Machine: ${describeMachine()}; the clients on Node ${node.version}. Median of ${rounds}.\n`)
  console.log(table(rows))
} finally {
  await gateway.stop()
}

function contenders(): readonly Row[] {
  const rows: Row[] = [
    {
      name: 'Node alone',
      code: 'const load = () => {}\nconst open = () => [() => {}, () => {}]',
      figures: [],
    },
    {
      name: 'OpenClawGatewayClient',
      code: `
        const load = () => import(${JSON.stringify(pathToFileURL(OURS).href)})
        const open = async ({ OpenClawGatewayClient }) => {
          const client = new OpenClawGatewayClient({ url, token, scopes, env: {} })
          await client.connect()
          return [() => client.request('health'), () => client.disconnect()]
        }`,
      figures: [],
    },
  ]
  const peer = findPeer(PEER)
  if (peer === undefined) {
    console.log(`${PEER} is not installed: npm run bench:peers`)
    return rows
  }
  const theirs = `
    const load = () => import(${JSON.stringify(peer)})
    const open = async ({ GatewayClient }) => {
      let client
      const who = { clientName: 'cli', mode: 'cli', role: 'operator', minProtocol: 4, maxProtocol: 4 }
      await new Promise((onHelloOk, onConnectError) => {
        client = new GatewayClient({ url, token, scopes, ...who, onHelloOk, onConnectError })
        client.start()
      })
      return [() => client.request('health', {}), () => client.stopAndWait()]
    }`
  return [...rows, { name: PEER, code: theirs, figures: [] }]
}

async function measure({ code }: Row): Promise<Figures> {
  const { url, token } = gateway
  const program = `
    const [url, token, scopes] = ${JSON.stringify([url, token, ['operator.read', 'operator.write']])}
    ${code}
    const memory = () => (gc(), process.memoryUsage.rss())
    const loaded = await load()
    const imported = performance.now()
    const [request, end] = await open(loaded)
    const connected = performance.now()
    const idle = memory()
    const before = performance.now()
    for (let count = 0; count < ${REQUESTS}; count += 1) await request()
    const requests = performance.now() - before
    const busy = memory()
    await end()
    console.log(JSON.stringify({ imported, connected, requests, idle, busy }))`
  const { stdout } = await run(node.path, ['--expose-gc', '--input-type=module', '--eval', program])
  return JSON.parse(stdout) as Figures
}

function table(rows: readonly Row[]): string {
  const header = [
    'client',
    'imported',
    'connected',
    'memory',
    `after ${REQUESTS} requests`,
    'requests a second',
  ]
  const lines = rows.map(({ name, figures }, at) => {
    const of = (read: (one: Figures) => number): number => median(figures.map(read)) ?? 0
    const ms = (value: number): string => `${value.toFixed(0)} ms`
    const mebibytes = (value: number): string => `${(value / MEBIBYTE).toFixed(0)} MiB`
    const speed = at === 0 ? '' : ((REQUESTS * 1_000) / of(({ requests }) => requests)).toFixed(0)
    return [
      name,
      ms(of(({ imported }) => imported)),
      at === 0 ? '' : ms(of(({ connected }) => connected)),
      mebibytes(of(({ idle }) => idle)),
      mebibytes(of(({ busy }) => busy)),
      speed,
    ]
  })
  const all = [header, header.map(() => '---'), ...lines]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
