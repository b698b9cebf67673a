/** Many idle connections through one proxy, in a process of their own: what each takes. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { GatewayCompression } from '../../src/gateway/index.js'
import { createDiscordTransport } from '../../src/index.js'

export interface ShardsReport {
  readonly kibibytesEach: number
  readonly heapKibibytesEach: number
  /** While all of them beat. */
  readonly delayP99Ms: number
  readonly cpuPercent: number
}

const [kind = '', gatewayUrl = '', proxyUrl = '', ca = '', count = '0', heartbeat = '0'] =
  process.argv.slice(2)
const heartbeatMs = Number(heartbeat)
const observeMs = 2 * heartbeatMs
const shards = Number(count)
const transport = createDiscordTransport({ proxy: proxyUrl, tls: { ca }, env: {}, connectTimeoutMs: 60_000 })
const at = `${gatewayUrl}/?v=10&encoding=json`

function isCompression(value: string): value is GatewayCompression {
  return value === 'none' || value === 'zlib-stream' || value === 'zstd-stream'
}

/** What of the heap is free belongs to no shard; V8 gives it back when it likes. */
function taken({ rss, heapTotal, heapUsed }: NodeJS.MemoryUsage): number {
  return rss - heapTotal + heapUsed
}

async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let turn = 0; turn < 5; turn += 1) {
    globalThis.gc?.()
    await sleep(200)
  }
  return process.memoryUsage()
}

/** The least that a shard can be: a socket that was greeted, has identified and got its READY. */
function openBare(): Promise<WebSocket> {
  const socket = transport.createWebSocket(at)
  return new Promise((resolve, reject) => {
    let messages = 0
    socket.on('error', reject)
    socket.on('message', () => {
      messages += 1
      if (messages === 1) socket.send('{"op":2,"d":{}}')
      else if (messages === 3) resolve(socket)
    })
  })
}

async function openAll(): Promise<unknown> {
  if (!isCompression(kind)) {
    const sockets: WebSocket[] = []
    while (sockets.length < shards)
      sockets.push(
        ...(await Promise.all(Array.from({ length: Math.min(25, shards - sockets.length) }, openBare))),
      )
    return sockets
  }
  const limit = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: shards }
  const gateway = transport.createGateway({
    token: 'bench',
    intents: 0,
    shards,
    compression: kind,
    gatewayInfo: { url: gatewayUrl, shards, session_start_limit: limit },
  })
  await gateway.connect()
  return gateway
}

// One first, so that what is loaded and allocated once is not counted to the others.
const warm = await openBare()
const before = await settled()
const open = await openAll()
// Each has beaten once, and nothing else has happened.
await sleep(1.2 * heartbeatMs)
const after = await settled()
const delay = monitorEventLoopDelay({ resolution: 5 })
const cpu = process.cpuUsage()
delay.enable()
await sleep(observeMs)
delay.disable()
const { user, system } = process.cpuUsage(cpu)
const report: ShardsReport = {
  kibibytesEach: (taken(after) - taken(before)) / 1_024 / shards,
  heapKibibytesEach: (after.heapUsed + after.external - before.heapUsed - before.external) / 1_024 / shards,
  delayP99Ms: delay.percentile(99) / 1e6,
  cpuPercent: (user + system) / 10 / observeMs,
}
process.send?.(report, () => process.exit(warm.readyState === warm.OPEN && open !== undefined ? 0 : 1))
