import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { labAuthority } from '../lab/certificates.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy } from '../lab/proxy/index.js'
import { FLEET_TIMING } from '../../src/fleet/timing.js'
import { createRandom, type Random } from '../gateway/seeded-random.js'
import { ChaosMember, memberProgram, Watch } from './chaos-lab.js'
import { RedisServer } from './redis-server.js'

/** What a run came to. */
export interface ChaosResult {
  readonly seed: number
  readonly script: readonly string[]
  readonly events: number
  /** Events that came twice, each marked. */
  readonly repeated: number
  readonly resumes: number
  readonly violations: readonly string[]
  /** The log, for a run that failed. */
  readonly log: readonly string[]
}

const SHARDS = 6
const MEMBERS = 3
/** All shards have to be there again so long after a fault: a lease, the hold of an emptied Redis, and a slow machine. */
const BACK_MS = 90_000
/** The same where nobody knows whether a session was begun: see `doubtMs`. */
const DOUBT_MS = 150_000
/** A session is written at once, with one command, which has so long. */
const UNWRITTEN_MS = FLEET_TIMING.commandMs

interface Run {
  readonly random: Random
  readonly redis: RedisServer
  readonly watch: Watch
  readonly members: ChaosMember[]
  readonly start: () => void
  /** A session may have been lost with its owner and Redis's memory of it, or not have been written yet. */
  excused: number
  /** Since all shards were there. */
  since: { membersEnded: boolean; redisForgot: boolean }
}

interface Fault {
  readonly name: string
  readonly endsMembers?: boolean
  readonly redisForgets?: boolean
  readonly inflict: (run: Run) => unknown
}

const alive = ({ members }: Run): readonly ChaosMember[] => members.filter((member) => member.isAlive)

/** Members that hold shards die with what only they knew. */
function pick(run: Run): ChaosMember | undefined {
  const there = alive(run)
  return there.length === 0 ? undefined : run.random.pick(there)
}

async function whileStopped(run: Run, work: () => Promise<void>): Promise<void> {
  const member = pick(run)
  member?.signal('SIGSTOP')
  await work()
  if (member !== undefined) run.watch.continued(member.name)
  member?.signal('SIGCONT')
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a member is killed',
    endsMembers: true,
    inflict: async (run) => {
      await pick(run)?.end('SIGKILL')
      await sleep(run.random.between(0, 3_000))
      run.start()
    },
  },
  {
    name: 'a member is stopped for a moment',
    inflict: (run) => whileStopped(run, () => sleep(run.random.between(100, 3_000))),
  },
  {
    name: 'a member is stopped for longer than its lease',
    // What only it knew is lost to the others.
    endsMembers: true,
    inflict: (run) => whileStopped(run, () => sleep(run.random.between(4_000, 9_000))),
  },
  {
    name: 'a member is restarted in order',
    endsMembers: true,
    inflict: async (run) => {
      await pick(run)?.end('SIGTERM')
      run.start()
    },
  },
  {
    name: 'all members are killed but one',
    endsMembers: true,
    inflict: async (run) => {
      await Promise.all(
        alive(run)
          .slice(1)
          .map((member) => member.end('SIGKILL')),
      )
      await sleep(run.random.between(0, 2_000))
      for (let missing = MEMBERS - 1; missing > 0; missing -= 1) run.start()
    },
  },
  { name: 'Redis is emptied', redisForgets: true, inflict: ({ redis }) => redis.empty() },
  {
    name: 'Redis is killed and comes back empty',
    redisForgets: true,
    inflict: async ({ redis, random }) => {
      await redis.kill()
      await sleep(random.between(0, 7_000))
      await redis.begin()
    },
  },
  {
    name: 'Redis is stopped',
    inflict: async ({ redis, random }) => {
      redis.stop()
      await sleep(random.between(100, 8_000))
      redis.continue()
    },
  },
  {
    name: 'Redis is emptied while a member is stopped',
    inflict: (run) =>
      whileStopped(run, async () => {
        await sleep(run.random.between(0, 1_000))
        await run.redis.empty()
        run.excused += SHARDS
        await sleep(run.random.between(0, 6_000))
      }),
  },
]

const QUIET = { membersEnded: false, redisForgot: false }

/**
 * What only Redis and a member that has ended knew is lost where one of them strikes before all is well again. So is a
 * session whose owner ends before it is written.
 */
function strikes(run: Run, { endsMembers = false, redisForgets = false }: Fault): void {
  if (endsMembers) run.excused += run.watch.sessionsSince(Date.now() - UNWRITTEN_MS)
  run.since.membersEnded ||= endsMembers
  run.since.redisForgot ||= redisForgets
  if (run.since.membersEnded && run.since.redisForgot) run.excused += SHARDS
}

/** One fault, and mostly the time until all is well again. */
async function strike(run: Run, number: () => number, script: string[]): Promise<void> {
  const { random, watch } = run
  const fault = random.pick(FAULTS)
  watch.note(`FAULT ${fault.name}`)
  script.push(fault.name)
  strikes(run, fault)
  await fault.inflict(run)
  watch.note(`END OF FAULT`)
  if (random.next() < 0.3) return
  await back(run, number, run.excused > 0 ? DOUBT_MS : BACK_MS, fault.name, script)
  run.since = { ...QUIET }
  await sleep(random.between(0, 1_500))
}

/**
 * One run: members of a bot under random faults, while Discord goes on dispatching.
 *
 * @param mostFaults two at least
 */
export async function runChaos(seed: number, mostFaults = 4): Promise<ChaosResult> {
  const random = createRandom(seed)
  const names = new LabNames()
  const [discord, redis, program] = await Promise.all([
    startDiscord({ names, ca: await labAuthority(), replayLimit: 1_000_000, heartbeatIntervalMs: 41_250 }),
    RedisServer.start(),
    memberProgram(),
  ])
  discord.gateway.sessionStarts.maxConcurrency = 16
  const proxy = await startProxy({ scheme: 'http', names })
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-chaos-'))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, discord.ca)
  const watch = new Watch(discord, SHARDS)
  const members: ChaosMember[] = []
  const start = (): void => {
    const member = new ChaosMember(
      `member-${members.length}`,
      program,
      [proxy.url, ca, redis.url, String(SHARDS)],
      discord.token,
    )
    member.onLine = (line) => watch.line(member.name, line)
    members.push(member)
  }
  const run: Run = { random, redis, watch, members, start, excused: 0, since: { ...QUIET } }
  let number = 0
  const timers = [
    setInterval(() => discord.gateway.dispatch('LAB', { number: ++number }), 50),
    setInterval(() => watch.look(), 10),
  ]
  const script: string[] = []
  try {
    for (let index = 0; index < MEMBERS; index += 1) start()
    await back(run, () => number, BACK_MS, 'the start', script)
    const faults = random.between(2, mostFaults)
    for (let index = 0; index < faults; index += 1) await strike(run, () => number, script)
    await back(run, () => number, run.excused > 0 ? DOUBT_MS : BACK_MS, 'the end', script)
    for (const timer of timers) clearInterval(timer)
    for (const until = Date.now() + BACK_MS; Date.now() < until && watch.lost().length > 0;) await sleep(500)
    watch.violations.push(...watch.lost())
    check(run, discord)
    return {
      seed,
      script,
      events: watch.events,
      repeated: watch.repeated,
      resumes: discord.gateway.resumes.length,
      violations: watch.violations,
      log: watch.log,
    }
  } finally {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(members.map((member) => member.end('SIGKILL')))
    await closeAll(discord, redis, proxy)
    await rm(folder, { recursive: true, force: true })
  }
}

function check({ watch, excused }: Run, discord: FakeDiscord): void {
  const { identifies, sessionStarts } = discord.gateway
  if (identifies.length > SHARDS + excused)
    watch.violations.push(`${identifies.length} identifies where ${SHARDS + excused} were enough`)
  if (sessionStarts.violations > 0)
    watch.violations.push(`${sessionStarts.violations} identifies came too soon`)
}

async function back(
  { watch }: Run,
  number: () => number,
  withinMs: number,
  what: string,
  script: string[],
): Promise<void> {
  const since = performance.now()
  const wanted = number() + 1
  while (!watch.isBack(wanted)) {
    if (performance.now() - since > withinMs) {
      watch.violations.push(`a shard was not back ${withinMs} ms after: ${what}`)
      return
    }
    await sleep(20)
  }
  script.push(`${what}: ${Math.round(performance.now() - since)} ms`)
}

async function closeAll(discord: FakeDiscord, redis: RedisServer, proxy: LabProxy): Promise<void> {
  await proxy.close()
  await discord.close()
  await redis.close()
}
