/**
 * One member of the chaos: `node member.cjs PROXY CA REDIS SHARDS`. It writes one line to stdout for each event that its
 * listener has handled, so that what a killed process had handled is known.
 */
import { readFileSync, writeSync } from 'node:fs'
import process from 'node:process'
import { createClient } from 'redis'
import { createDiscordTransport } from '../../src/index.js'
import { redisFleet } from '../../src/fleet/index.js'

const [, , proxy = '', ca = '', redis = '', shards = ''] = process.argv
const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

const transport = createDiscordTransport({
  proxy,
  tls: { ca: readFileSync(ca, 'utf8') },
  connectTimeoutMs: 3_000,
  env: {},
})
const client = createClient({ url: redis, socket: { reconnectStrategy: 100, connectTimeout: 1_000 } })
const gateway = transport.createGateway({
  token: process.env['DISCORD_BOT_TOKEN'] ?? '',
  intents: 1,
  shards: Number(shards),
  backoffBaseMs: 50,
  backoffMaxMs: 500,
  fleet: redisFleet(client, { name: 'chaos' }),
})
gateway.on('dispatch', ({ t, d }, _shard, _raw, { sessionId, sequence, replayed }) => {
  const data: unknown = d
  const isNumbered = (t as string) === 'LAB' && typeof data === 'object' && data !== null && 'number' in data
  say('event', sessionId, sequence, replayed ? 1 : 0, isNumbered ? Number(data.number) : 0)
})
gateway.on('debug', (line, shard) => say('debug', Date.now(), shard ?? '-', line))
gateway.on('closed', ({ error }) => say('closed', error?.message ?? ''))
process.once('SIGTERM', () => {
  void transport.close().then(() => process.exit(0))
})
gateway.connect().catch((error: unknown) => say('failed', String(error)))
