/**
 * `npm run bench:outside`: the CPU that `discord-transport/register` costs a request outside its scope. Each kind of
 * request runs in a process with the preload and in two without, in turns: what the two without differ by is the noise of
 * the machine. `BENCH_NODE` is a line of Node, `BENCH_ROUNDS` how often, `BENCH_COUNT` how many requests a process makes.
 */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { installNode } from '../scripts/nodes/install-node.js'
import { listen } from './servers/listen.js'
import { median, pairedRatio } from './statistics.js'

const run = promisify(execFile)
const CLIENT = join(import.meta.dirname, 'client/outside.mjs')
const PRELOAD = ['--import', pathToFileURL(join(import.meta.dirname, '../dist/register.js')).href]
const KINDS = ['http, kept alive', 'http, one connection each', 'fetch', 'net.connect']

const node = await installNode(process.env['BENCH_NODE'] ?? '20')
const rounds = Number(process.env['BENCH_ROUNDS'] ?? '21')
const count = process.env['BENCH_COUNT'] ?? '2000'
const server = createServer((_request, response) => response.end('ok'))
const port = await listen(server)

/** Milliseconds of CPU. */
async function cost(kind: string, flags: readonly string[]): Promise<number> {
  const env = { PATH: process.env['PATH'], HTTPS_PROXY: 'http://127.0.0.1:3128' }
  const { stdout } = await run(node.path, [...flags, CLIENT, kind, String(port), count], { env })
  return Number(stdout)
}

try {
  console.log(
    `Node ${node.version}, ${count} requests, ${rounds} rounds: CPU to that of a process without register`,
  )
  for (const kind of KINDS) {
    const [alone, again, preloaded]: [number[], number[], number[]] = [[], [], []]
    const turns = [[alone, []] as const, [preloaded, PRELOAD] as const, [again, []] as const]
    for (let round = 0; round < rounds; round += 1)
      for (const [costs, flags] of round % 2 === 0 ? turns : [...turns].reverse())
        costs.push(await cost(kind, flags))
    // Those without stand before and after the one with it: a machine that changes its speed does so for both.
    const without = alone.map((one, at) => (one + (again[at] ?? one)) / 2)
    const each = ((median(without) ?? NaN) * 1_000) / Number(count)
    const shown = [pairedRatio(preloaded, without), pairedRatio(again, alone)].map((ratio = NaN) =>
      ratio.toFixed(2),
    )
    console.log(`${kind.padEnd(26)} with ${shown[0]}, again without ${shown[1]} (${each.toFixed(0)} µs)`)
  }
} finally {
  server.close()
}
