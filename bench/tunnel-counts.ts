import { ClientProcess } from './client/client-process.js'
import { CONTENDERS, OURS } from './contenders/index.js'
import { BURST, ONE_WAY_MS } from './limits.js'
import { startServers, type Wire } from './servers/start.js'
import { median } from './statistics.js'
import { useCertificates } from './certificates.js'

const COUNTS = [16, 32, 64, 100, 128, 200] as const
const ROUNDS = 7
const LOADS: readonly (readonly [Wire, number])[] = [
  ['near', 16],
  ['near', 64],
  ['far', 16],
  ['far', 64],
]

/** What the default of `maxTunnels` was chosen by. */
export async function runTunnelCounts(entry: string): Promise<string> {
  const { certFile, keyFile, caFile, remove } = await useCertificates()
  const servers = await startServers(certFile, keyFile)
  const contender = CONTENDERS.find(({ name }) => name === OURS)
  if (contender === undefined) throw new Error('nothing to measure')
  const clients: ClientProcess[] = []
  try {
    for (const count of COUNTS) {
      const env = { BENCH_MAX_TUNNELS: String(count) }
      clients.push(await ClientProcess.start({ ...contender, env }, { caFile, entry }))
    }
    const rows = COUNTS.map((count) => [String(count)])
    for (const [wire, inFlight] of LOADS) {
      const rates = COUNTS.map((): number[] => [])
      for (const client of clients) {
        await client.open(servers.destination('http', wire))
        await client.ask({ do: 'load', inFlight, ms: 500 })
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [at, client] of clients.entries()) {
          await client.ask({ do: 'load', inFlight, ms: 100 })
          const { sends, ms } = await client.ask({ do: 'load', inFlight, ms: wire === 'far' ? 600 : 300 })
          rates[at]?.push(sends / (ms / 1000))
        }
      }
      rows.forEach((row, at) => row.push((median(rates[at] ?? []) ?? 0).toFixed(0)))
    }
    for (const [at, client] of clients.entries()) {
      const bursts: number[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        await client.open(servers.destination('http', 'far'))
        bursts.push((await client.ask({ do: 'burst', count: BURST })).ms)
      }
      rows[at]?.push((median(bursts) ?? 0).toFixed(0))
    }
    const far = `${2 * ONE_WAY_MS} ms away`
    const head = [
      'maxTunnels',
      ...LOADS.map(([wire, inFlight]) => `sends/s at ${inFlight}${wire === 'far' ? `, ${far}` : ''}`),
      `ms for ${BURST} at once, ${far}`,
    ]
    return [head, head.map(() => '---:'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
  } finally {
    await Promise.all(clients.map((client) => client.stop()))
    await servers.stop()
    await remove()
  }
}
