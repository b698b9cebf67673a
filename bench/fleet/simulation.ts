/**
 * A large fleet on a virtual clock: 10 000 shards on 200 members start together, and then each member is restarted in
 * order, one after the other. The members and the store are the library's own; Discord is a count of identifies.
 *
 *   tsx bench/fleet/simulation.ts [--shards 10000] [--members 200] [--concurrency 128] [--pace 3]
 */
import { parseArgs } from 'node:util'
import { createFleet, type Fleet } from '../../src/fleet/fleet.js'
import { FleetMemory } from '../../src/fleet/memory/memory-store.js'
import { FLEET_TIMING } from '../../src/fleet/timing.js'
import type { GatewayFleetMember, GatewaySession } from '../../src/index.js'
import { VirtualClock } from '../../test/fleet/virtual-clock.js'

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '10000' },
    members: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '128' },
    // Seconds from one restart to the next.
    pace: { type: 'string', default: '3' },
  },
})
const SHARDS = Number(values.shards)
const CONCURRENCY = Number(values.concurrency)
const RESUME_MS = 300
const HELLO_MS = 150

const clock = new VirtualClock()
const memory = new FleetMemory({ clock, termMs: FLEET_TIMING.termMs })
const count = { identifies: 0, resumes: 0, tooSoon: 0 }
const lastIdentify = new Map<number, number>()
/** Which shard is ready, and how many members run it. */
const running = new Map<number, number>()
let peak = 1

const after = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve))

/** One shard: a resume where the fleet keeps its session, an identify in its turn otherwise. */
async function connect(
  fleet: Fleet,
  shardId: number,
  shardCount: number,
  signal: AbortSignal,
): Promise<GatewaySession> {
  const kept = await fleet.sessionStore.load(shardId)
  if (kept !== null && kept !== undefined) {
    await after(RESUME_MS)
    count.resumes += 1
    return { ...kept, sequence: kept.sequence + 1 }
  }
  await fleet.identifyThrottler.prepare?.(shardId, signal)
  await after(HELLO_MS)
  await fleet.identifyThrottler.waitForIdentify(shardId, signal)
  const bucket = shardId % CONCURRENCY
  if (clock.now() - (lastIdentify.get(bucket) ?? -Infinity) < 5_000) count.tooSoon += 1
  lastIdentify.set(bucket, clock.now())
  count.identifies += 1
  return { id: `s${shardId}`, sequence: 1, resumeUrl: 'wss://gateway.discord.gg', shardId, shardCount }
}

/** A gateway client without sockets. */
function startMember(): Fleet {
  const fleet = createFleet(memory.store(), FLEET_TIMING, clock)
  const open = new Map<number, { readonly stop: AbortController; session: GatewaySession | null }>()
  fleet.identifyThrottler.configure?.({
    total: 100_000,
    remaining: 100_000,
    reset_after: 24 * 60 * 60_000,
    max_concurrency: CONCURRENCY,
  })
  const member: GatewayFleetMember = {
    shardCount: SHARDS,
    recommendedShards: () => Promise.resolve(SHARDS),
    open: (shardId, shardCount) => {
      const entry = { stop: new AbortController(), session: null as GatewaySession | null }
      open.set(shardId, entry)
      connect(fleet, shardId, shardCount, entry.stop.signal).then(
        (session) => {
          if (entry.stop.signal.aborted || !fleet.shardLeases.holds(shardId)) return
          entry.session = session
          fleet.sessionStore.save(session)
          running.set(shardId, (running.get(shardId) ?? 0) + 1)
          peak = Math.max(peak, running.get(shardId) ?? 0)
        },
        () => undefined,
      )
    },
    close: async (shardId) => {
      const entry = open.get(shardId)
      open.delete(shardId)
      entry?.stop.abort(new Error('closed'))
      await after(20)
      if (entry?.session !== null && entry?.session !== undefined) {
        const others = (running.get(shardId) ?? 1) - 1
        if (others === 0) running.delete(shardId)
        else running.set(shardId, others)
      }
      return entry?.session ?? null
    },
    settled: () => undefined,
    debug: () => undefined,
  }
  void fleet.shardLeases.join(member)
  return fleet
}

const startedAt = performance.now()
const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`
const fleets = Array.from({ length: Number(values.members) }, startMember)
const isSteady = (): boolean => running.size === SHARDS
const isEven = (): boolean => {
  const loads = fleets.map(({ status }) => status.shards.length)
  return Math.max(...loads) - Math.min(...loads) <= 1 && loads.reduce((sum, load) => sum + load, 0) === SHARDS
}
const startMs = await clock.until(isSteady)
const first = { ...count }
const restartedAt = clock.now()
for (let index = 0; index < fleets.length; index += 1) {
  let left = false
  void fleets[index]?.shardLeases.leave({ keepSession: true }).then(() => (left = true))
  await clock.until(() => left)
  fleets[index] = startMember()
  const next = clock.now() + 1_000 * Number(values.pace)
  await clock.until(() => clock.now() >= next)
}
const settleMs = await clock.until(() => isSteady() && isEven())
console.log(
  `Node ${process.version}, ${SHARDS} shards on ${fleets.length} members, max_concurrency ${values.concurrency}`,
)
console.table({
  start: { identifies: first.identifies, resumes: first.resumes, 'time to steady': minutes(startMs) },
  'rolling restart': {
    identifies: count.identifies - first.identifies,
    resumes: count.resumes - first.resumes,
    'time to steady': `${minutes(clock.now() - restartedAt)}, ${(settleMs / 1_000).toFixed(1)} s after the last`,
  },
})
console.log(
  `${count.tooSoon} identifies too soon, at most ${peak} member of a shard at one time; simulated in ` +
    `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`,
)
process.exit(count.tooSoon > 0 || peak > 1 || count.identifies > SHARDS ? 1 : 0)
