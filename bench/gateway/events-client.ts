/** One client in a process of its own: reads a replay to its end and reports what that took. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type * as DiscordJs from 'discord.js'
import type * as Adapter from '../../src/adapters/discord.js/index.js'
import type * as Library from '../../src/index.js'
import type { DiscordTransport } from '../../src/index.js'

export interface EventsReport {
  readonly version: string
  readonly events: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMebibytes: number
}

const [library = '', url = '', compression = '', count = '0', ca = '', module = ''] = process.argv.slice(2)
/** The built package: what users load. */
const built = (file: string): string => new URL(`../../dist/${file}`, import.meta.url).href
const { createDiscordTransport } = (await import(built('index.js'))) as typeof Library
const { clientOptions } = (await import(built('discordjs.js'))) as typeof Adapter
/** From another folder, if one is named: this package may not have a library, or an older one. */
const require = createRequire(module === '' ? import.meta.url : pathToFileURL(`${module}/`))
const last = Number(count) + 1
const info = {
  url,
  shards: 1,
  session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
}

let began: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined
let version = ''
let events = 0
/** Sampled: what the system calls the maximum includes the process that this one was forked from. */
let peakBytes = 0
const SAMPLE_EVERY = 2_500

function dispatched(payload: { readonly s: number; readonly t: string }): void {
  if (payload.t === 'READY') {
    began = { at: performance.now(), cpu: process.cpuUsage() }
    return
  }
  events += 1
  if (events % SAMPLE_EVERY === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  if (payload.s !== last || began === undefined) return
  const { user, system } = process.cpuUsage(began.cpu)
  const report: EventsReport = {
    version,
    events,
    seconds: (performance.now() - began.at) / 1_000,
    cpuSeconds: (user + system) / 1_000_000,
    peakMebibytes: peakBytes / 1_024 / 1_024,
  }
  process.send?.(report, () => process.exit(0))
}

function createTransport(): DiscordTransport {
  return createDiscordTransport({ proxy: false, tls: { caFile: ca }, env: {} })
}

async function ours(): Promise<void> {
  version = 'discord-transport'
  const transport = createTransport()
  const gateway = transport.createGateway({
    token: 'bench',
    intents: 0,
    gatewayInfo: info,
    compression: compression === 'zlib-stream' || compression === 'zstd-stream' ? compression : 'none',
  })
  gateway.on('dispatch', dispatched)
  await gateway.connect()
}

/** @discordjs/ws 2 as far as this file uses it. */
interface DiscordJsWs {
  readonly WebSocketManager: new (options: object) => {
    on(event: 'dispatch', listener: (payload: { readonly s: number; readonly t: string }) => void): unknown
    connect(): Promise<void>
  }
  readonly CompressionMethod: { readonly ZlibNative: number }
  readonly version: string
}

function isDiscordJsWs(value: unknown): value is DiscordJsWs {
  return (
    typeof value === 'object' && value !== null && 'WebSocketManager' in value && 'CompressionMethod' in value
  )
}

async function theirs(): Promise<void> {
  const loaded: unknown = await import(pathToFileURL(require.resolve('@discordjs/ws')).href)
  const api: unknown =
    typeof loaded === 'object' && loaded !== null && 'default' in loaded && !('WebSocketManager' in loaded)
      ? loaded.default
      : loaded
  if (!isDiscordJsWs(api)) throw new TypeError('not @discordjs/ws')
  version = `@discordjs/ws ${api.version}`
  const manager = new api.WebSocketManager({
    token: 'bench',
    intents: 0,
    rest: { get: () => Promise.resolve(info) },
    fetchGatewayInformation: () => Promise.resolve(info),
    compression: compression === 'zlib-stream' ? api.CompressionMethod.ZlibNative : null,
  })
  manager.on('dispatch', (first) => dispatched('data' in first ? unwrapped(first.data) : first))
  await manager.connect()
}

/** Version 1 wraps the payload. */
function unwrapped(data: unknown): { readonly s: number; readonly t: string } {
  if (typeof data === 'object' && data !== null && 's' in data && 't' in data)
    return { s: Number(data.s), t: String(data.t) }
  throw new TypeError('not a dispatch')
}

/** discord.js on its own engine or on ours, with the handlers that fill its caches behind it. */
async function discordJs(engine: 'own' | 'ours'): Promise<void> {
  version = engine === 'own' ? 'discord.js' : 'discord.js on discord-transport'
  const { Client, Events } = require('discord.js') as typeof DiscordJs
  const rest = { makeRequest: () => Promise.resolve(Response.json(info) as never) }
  const options =
    engine === 'own'
      ? { intents: 0, rest }
      : clientOptions(compressed(createTransport()), { intents: 0, gatewayInfo: info })
  const client = new Client(options)
  client.on(Events.Raw, (packet: { readonly op: number; readonly s: number; readonly t: string }) => {
    if (packet.op === 0) dispatched(packet)
  })
  await client.login('bench')
}

/** The transport, whose gateways have the compression that is measured. */
function compressed(transport: DiscordTransport): DiscordTransport {
  const create = transport.createGateway.bind(transport)
  transport.createGateway = (options) =>
    create({ ...options, compression: compression === 'zlib-stream' ? 'zlib-stream' : 'none' })
  return transport
}

const clients: Readonly<Record<string, () => Promise<void>>> = {
  ours,
  theirs,
  'discord.js': () => discordJs('own'),
  'discord.js on ours': () => discordJs('ours'),
}
await clients[library]?.()
