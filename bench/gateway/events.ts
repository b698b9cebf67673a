/**
 * Events a second, CPU and memory over the same recorded stream: the gateway client beside @discordjs/ws, and discord.js
 * on each of the two.
 *
 *   tsx bench/gateway/events.ts [--events 100000] [--rounds 5] [--discordjs FOLDER]
 *
 * FOLDER is one whose node_modules has @discordjs/ws 2, discord.js and zlib-sync, a native addon without which discord.js
 * does not compress. Neither has zstd: its zlib stands beside ours.
 */
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { isSupported } from '../../src/gateway/compression/compression.js'
import { createCertificateAuthority } from '../../test/lab/certificates.js'
import { record, type Recording } from './recording.js'
import { startReplayServer } from './replay-server.js'
import type { EventsReport } from './events-client.js'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    discordjs: { type: 'string', default: '' },
  },
})
const events = Number(values.events)
const rounds = Number(values.rounds)

const authority = await createCertificateAuthority()
const folder = await mkdtemp(join(tmpdir(), 'gateway-bench-'))
const caFile = join(folder, 'ca.pem')
await writeFile(caFile, authority.certificate)

const recordings = new Map<string, Promise<Recording>>()
const server = await startReplayServer(await authority.issue(['localhost']), (compress, url) => {
  const compression = compress === 'zlib-stream' || compress === 'zstd-stream' ? compress : 'none'
  const recording = recordings.get(compression) ?? record(compression, events, url)
  recordings.set(compression, recording)
  return recording
})

function isReport(value: unknown): value is EventsReport {
  return typeof value === 'object' && value !== null && 'cpuSeconds' in value
}

function run(library: string, compression: string): Promise<EventsReport> {
  const args = [library, server.url, compression, String(events), caFile, values.discordjs]
  const child = fork(fileURLToPath(new URL('events-client.ts', import.meta.url)), args, {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
  })
  return new Promise((resolve, reject) => {
    child.once('message', (report) => (isReport(report) ? resolve(report) : reject(new Error('no report'))))
    child.once('exit', (code) => reject(new Error(`${library} with ${compression} ended with ${code}`)))
  })
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

interface Line {
  readonly library: string
  readonly compression: string
  readonly 'events/s': number
  readonly 'CPU µs/event': number
  readonly 'peak MiB': number
}

function summary(reports: readonly EventsReport[], compression: string): Line {
  return {
    library: reports[0]?.version ?? '',
    compression,
    'events/s': Math.round(median(reports.map((report) => report.events / report.seconds))),
    'CPU µs/event': Number(
      median(reports.map((report) => (report.cpuSeconds * 1e6) / report.events)).toFixed(2),
    ),
    'peak MiB': Math.round(median(reports.map(({ peakMebibytes }) => peakMebibytes))),
  }
}

const compressionOfDiscordJs = hasZlibSync() ? 'zlib-stream' : 'none'

function hasZlibSync(): boolean {
  try {
    createRequire(values.discordjs === '' ? import.meta.url : pathToFileURL(`${values.discordjs}/`)).resolve(
      'zlib-sync',
    )
    return true
  } catch {
    console.log('zlib-sync is not installed: discord.js is measured without compression')
    return false
  }
}

/** One of ours and one of theirs: library and compression. */
type Pair = readonly [readonly [string, string], readonly [string, string]]

const lines: Line[] = []
const pairs: readonly Pair[] = [
  [
    ['ours', 'none'],
    ['theirs', 'none'],
  ],
  [
    ['ours', 'zlib-stream'],
    ['theirs', 'zlib-stream'],
  ],
  ...(isSupported('zstd-stream')
    ? [
        [
          ['ours', 'zstd-stream'],
          ['theirs', 'zlib-stream'],
        ] as const,
      ]
    : []),
  [
    ['discord.js on ours', compressionOfDiscordJs],
    ['discord.js', compressionOfDiscordJs],
  ],
]
try {
  for (const [mine, other] of pairs) {
    const own: EventsReport[] = []
    const others: EventsReport[] = []
    // In turn, so that what else the machine does falls on both.
    for (let round = 0; round < rounds; round += 1) {
      own.push(await run(...mine))
      others.push(await run(...other))
    }
    lines.push(summary(own, mine[1]), summary(others, other[1]))
  }
} finally {
  await server.close()
  await rm(folder, { recursive: true })
}

console.log(`Node ${process.version}, ${events} events, median of ${rounds} rounds`)
console.table(lines)
// Without compression both wait for the server, so such a pair is for information.
for (let index = 0; index < lines.length; index += 2) {
  const [own, other] = [lines[index]!, lines[index + 1]!]
  if (own.compression === 'none') continue
  const good =
    own['events/s'] >= other['events/s'] &&
    own['CPU µs/event'] <= other['CPU µs/event'] &&
    own['peak MiB'] <= other['peak MiB']
  console.log(
    `${own.library}, ${own.compression}: ${good ? 'kept' : 'NOT kept'}: at least as many events, at most as much CPU and memory`,
  )
  if (!good) process.exitCode = 1
}
