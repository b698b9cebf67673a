/**
 * What a fleet costs Redis: 1 000 shards on 4 members, idle and with ten events a second on each shard.
 *
 *   tsx bench/fleet/commands.ts [--shards 1000] [--members 4] [--seconds 10]
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createClient } from 'redis'
import { redisFleet } from '../../src/fleet/index.js'
import type { GatewayFleetMember } from '../../src/index.js'
import { RedisServer } from '../../test/fleet/redis-server.js'

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '1000' },
    members: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '10' },
  },
})
const shards = Number(values.shards)
const seconds = Number(values.seconds)
const redis = await RedisServer.start()
const watcher = createClient({ url: redis.url })
await watcher.connect()

interface Load {
  readonly commands: number
  readonly cpuMs: number
}

/** Commands that clients have sent, and the time that Redis has spent. */
async function load(): Promise<Load> {
  const [stats, cpu] = [await watcher.info('commandstats'), await watcher.info('cpu')]
  const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)
  return {
    commands: number(stats, /cmdstat_evalsha:calls=(\d+)/),
    cpuMs: 1_000 * (number(cpu, /used_cpu_user:([\d.]+)/) + number(cpu, /used_cpu_sys:([\d.]+)/)),
  }
}

/** A gateway client that opens nothing, and says which shards it has. */
function createMember(open: Set<number>): GatewayFleetMember {
  return {
    shardCount: shards,
    recommendedShards: () => Promise.resolve(shards),
    open: (shardId) => void open.add(shardId),
    close: (shardId) => {
      open.delete(shardId)
      return Promise.resolve(null)
    },
    settled: () => undefined,
    debug: () => undefined,
  }
}

const members = Array.from({ length: Number(values.members) }, () => {
  const open = new Set<number>()
  return { open, fleet: redisFleet(createClient({ url: redis.url }), { name: 'bench' }), sequence: 0 }
})
await Promise.all(members.map(({ fleet, open }) => fleet.shardLeases.join(createMember(open))))
await sleep(3_000)

async function measure(what: string, work: () => void): Promise<object> {
  const timer = setInterval(work, 100)
  await sleep(1_000)
  const before = await load()
  const cpuBefore = process.cpuUsage()
  await sleep(seconds * 1_000)
  const after = await load()
  const { user, system } = process.cpuUsage(cpuBefore)
  clearInterval(timer)
  return {
    what,
    'commands a second': Math.round((after.commands - before.commands) / seconds),
    'of one processor of Redis, %': Number(((after.cpuMs - before.cpuMs) / seconds / 10).toFixed(1)),
    'of one processor of all members, %': Number(((user + system) / seconds / 10_000).toFixed(1)),
  }
}

/** One event on each shard. */
function dispatch(): void {
  for (const member of members) {
    member.sequence += 1
    for (const shardId of member.open)
      member.fleet.sessionStore.save({
        id: `0123456789abcdef0123456789abcdef${shardId}`,
        sequence: member.sequence,
        resumeUrl: 'wss://gateway-us-east1-b.discord.gg',
        shardId,
        shardCount: shards,
      })
  }
}

const rows = [
  await measure('idle', () => undefined),
  await measure('10 events a second on each shard', dispatch),
]
console.log(`Node ${process.version}, ${shards} shards on ${members.length} members, each with`)
console.log(members.map(({ open }) => open.size).join(', '))
console.table(rows)
await Promise.all(members.map(({ fleet }) => fleet.shardLeases.leave({ keepSession: true })))
await watcher.close()
await redis.close()
