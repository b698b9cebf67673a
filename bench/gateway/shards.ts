/**
 * Memory of each idle shard beside a bare WebSocket on the same agent, and the event loop's delay while all of
 * them beat: so many shards in one process, through one CONNECT proxy.
 *
 *   tsx bench/gateway/shards.ts [--shards 500] [--heartbeat 5000] [--rounds 3]
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isSupported } from '../../src/gateway/compression/compression.js'
import type { IdleServer } from './idle-server.js'
import type { ShardsReport } from './shards-client.js'

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '500' },
    // Discord's is 41 250: eight times as many heartbeats as it would have.
    heartbeat: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '3' },
  },
})

const MEMORY_FACTOR = 1.25
const DELAY_MS = 50

function start(file: string, ...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    // A small young generation, or the noise of its size would drown the difference.
    execArgv: ['--expose-gc', '--max-semi-space-size=1', '--import', 'tsx'],
  })
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const answered: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  return answered[0]
}

function isServer(value: unknown): value is IdleServer {
  return typeof value === 'object' && value !== null && 'gatewayUrl' in value
}

function isReport(value: unknown): value is ShardsReport {
  return typeof value === 'object' && value !== null && 'kibibytesEach' in value
}

async function measure(kind: string): Promise<ShardsReport> {
  const serverProcess = start('idle-server.ts', values.heartbeat)
  try {
    const server = await answerOf(serverProcess)
    if (!isServer(server)) throw new Error('the server did not start')
    const { gatewayUrl, proxyUrl, ca } = server
    const client = start('shards-client.ts', kind, gatewayUrl, proxyUrl, ca, values.shards, values.heartbeat)
    const report = await answerOf(client)
    if (!isReport(report)) throw new Error(`${kind} ended without a report`)
    return report
  } finally {
    serverProcess.disconnect()
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

const kinds = [
  'bare WebSocket',
  'none',
  'zlib-stream',
  ...(isSupported('zstd-stream') ? ['zstd-stream'] : []),
]
const reports = new Map<string, ShardsReport[]>(kinds.map((kind) => [kind, []]))
for (let round = 0; round < Number(values.rounds); round += 1)
  for (const [kind, list] of reports) list.push(await measure(kind))

const lines = [...reports].map(([kind, list]) => ({
  kind,
  'KiB each': Number(median(list.map(({ kibibytesEach }) => kibibytesEach)).toFixed(1)),
  'of it heap and buffers': Number(median(list.map(({ heapKibibytesEach }) => heapKibibytesEach)).toFixed(1)),
  'delay p99 ms': Number(median(list.map(({ delayP99Ms }) => delayP99Ms)).toFixed(1)),
  'CPU %': Number(median(list.map(({ cpuPercent }) => cpuPercent)).toFixed(1)),
}))
const [bare, ...gateways] = lines
console.log(`Node ${process.version}, ${values.shards} shards, a heartbeat every ${values.heartbeat} ms`)
console.table(lines)
// 'auto' does not choose zstd for so many shards: its line is for information.
for (const line of gateways.filter(({ kind }) => kind !== 'zstd-stream')) {
  const factor = line['KiB each'] / (bare?.['KiB each'] ?? NaN)
  const good = factor <= MEMORY_FACTOR && line['delay p99 ms'] < DELAY_MS
  console.log(
    `${line.kind}: ${good ? 'kept' : 'NOT kept'}: ${factor.toFixed(2)} times a bare WebSocket (at most ${MEMORY_FACTOR}), ` +
      `p99 ${line['delay p99 ms']} ms (under ${DELAY_MS})`,
  )
  if (!good) process.exitCode = 1
}
