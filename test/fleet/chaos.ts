import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { createCertificateAuthority, type CertificateAuthority } from '../lab/certificates.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy } from '../lab/proxy/index.js'
import { createRandom, type Random } from '../gateway/seeded-random.js'
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

/** One process of the bot. */
class ChaosMember {
  readonly name: string
  readonly #child: ChildProcess
  /** Lines of its log, with the time. */
  onLine: (line: string) => void = () => undefined
  isStopped = false

  constructor(name: string, program: string, args: readonly string[], token: string) {
    this.name = name
    this.#child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'], DISCORD_BOT_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.onLine(line))
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  signal(name: NodeJS.Signals): void {
    this.isStopped = name === 'SIGSTOP'
    this.#child.kill(name)
  }

  async end(name: NodeJS.Signals): Promise<void> {
    if (!this.isAlive) return
    const closed = once(this.#child, 'close')
    if (this.isStopped) this.#child.kill('SIGCONT')
    this.#child.kill(name)
    await closed
  }
}

/** What Discord sees and what the members handled. */
class Watch {
  readonly violations: string[] = []
  readonly log: string[] = []
  readonly #discord: FakeDiscord
  readonly #begun = Date.now()
  /** By session and sequence: how often it was handled. */
  readonly #handled = new Map<string, number>()
  readonly #two = new Map<number, string>()
  repeated = 0
  #newest = new Map<string, number>()

  constructor(discord: FakeDiscord) {
    this.#discord = discord
  }

  get events(): number {
    return this.#handled.size
  }

  note(line: string): void {
    this.log.push(`${Date.now() - this.#begun} ${line}`)
  }

  line(member: string, line: string): void {
    const [kind, session = '', sequence = '', replayed, number] = line.split(' ')
    if (kind !== 'event') {
      this.note(`${member} ${line}`)
      if (kind === 'closed' || kind === 'failed') this.note(`${member} ENDED: ${line}`)
      return
    }
    const key = `${session} ${sequence}`
    const times = (this.#handled.get(key) ?? 0) + 1
    this.#handled.set(key, times)
    this.#newest.set(session, Math.max(this.#newest.get(session) ?? 0, Number(number)))
    if (times === 1) return
    this.repeated += 1
    if (replayed !== '1') this.violations.push(`${member} was not told that ${key} may have been handled`)
  }

  /** Two sessions of one shard with a connection each. */
  look(): void {
    const live = new Map<number, string>()
    for (const { id, shard, connection } of this.#discord.gateway.sessions) {
      if (connection?.open !== true) continue
      const other = live.get(shard[0])
      if (other !== undefined && this.#two.get(shard[0]) !== `${other} ${id}`) {
        this.#two.set(shard[0], `${other} ${id}`)
        this.violations.push(`two live sessions of shard ${shard[0]} after ${Date.now() - this.#begun} ms`)
        this.note(`TWO LIVE SESSIONS of shard ${shard[0]}`)
      }
      live.set(shard[0], id)
    }
  }

  /** Whether each shard has one session, and its event of this number, or a later one, has been handled. */
  isBack(number: number): boolean {
    const live = this.#discord.gateway.sessions.filter(({ connection }) => connection?.open === true)
    const shards = new Set(live.map(({ shard: [id] }) => id))
    return shards.size === SHARDS && live.every(({ id }) => (this.#newest.get(id) ?? 0) >= number)
  }

  /** Each event that Discord has sent, or keeps, in a session that a connection carries now. */
  lost(): readonly string[] {
    const all: string[] = []
    for (const { id, shard, sequence, connection } of this.#discord.gateway.sessions) {
      if (connection === undefined) continue
      const missing = Array.from({ length: sequence }, (_, index) => index + 1).filter(
        (number) => !this.#handled.has(`${id} ${number}`),
      )
      if (missing.length > 0)
        all.push(`shard ${shard[0]}, session ${id} of ${sequence}: lost ${missing.slice(0, 10).join(' ')}`)
    }
    return all
  }
}

interface Run {
  readonly random: Random
  readonly redis: RedisServer
  readonly watch: Watch
  readonly members: ChaosMember[]
  readonly start: () => void
  /** A session may have been lost with its owner and Redis's memory of it, or not have been written yet. */
  excused: number
}

interface Fault {
  readonly name: string
  readonly inflict: (run: Run) => unknown
}

const alive = ({ members }: Run): readonly ChaosMember[] => members.filter((member) => member.isAlive)

/** Members that hold shards die with what only they knew. */
function pick(run: Run): ChaosMember | undefined {
  const there = alive(run)
  return there.length === 0 ? undefined : run.random.pick(there)
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a member is killed',
    inflict: async (run) => {
      await pick(run)?.end('SIGKILL')
      await sleep(run.random.between(0, 3_000))
      run.start()
    },
  },
  {
    name: 'a member is stopped for a moment',
    inflict: async (run) => {
      const member = pick(run)
      member?.signal('SIGSTOP')
      await sleep(run.random.between(100, 3_000))
      member?.signal('SIGCONT')
    },
  },
  {
    name: 'a member is stopped for longer than its lease',
    inflict: async (run) => {
      const member = pick(run)
      member?.signal('SIGSTOP')
      await sleep(run.random.between(4_000, 9_000))
      member?.signal('SIGCONT')
    },
  },
  {
    name: 'a member is restarted in order',
    inflict: async (run) => {
      await pick(run)?.end('SIGTERM')
      run.start()
    },
  },
  {
    name: 'all members are killed but one',
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
  { name: 'Redis is emptied', inflict: ({ redis }) => redis.empty() },
  {
    name: 'Redis is killed and comes back empty',
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
    inflict: async (run) => {
      const member = pick(run)
      member?.signal('SIGSTOP')
      await sleep(run.random.between(0, 1_000))
      await run.redis.empty()
      run.excused += SHARDS
      await sleep(run.random.between(0, 6_000))
      member?.signal('SIGCONT')
    },
  },
]

let authority: Promise<CertificateAuthority> | undefined
let bundle: Promise<string> | undefined

/** The member as one file: it starts in a fraction of the time. */
function memberProgram(): Promise<string> {
  bundle ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'discord-transport-chaos-'))
    const outfile = join(folder, 'member.cjs')
    await build({
      entryPoints: [fileURLToPath(new URL('chaos-member.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      logLevel: 'error',
      outfile,
    })
    process.once('exit', () => void rm(folder, { recursive: true, force: true }))
    return outfile
  })()
  return bundle
}

/** One run: members of a bot under random faults, while Discord goes on dispatching. */
export async function runChaos(seed: number, faultNames?: readonly string[]): Promise<ChaosResult> {
  const random = createRandom(seed)
  const names = new LabNames()
  authority ??= createCertificateAuthority()
  const [discord, redis, program] = await Promise.all([
    startDiscord({ names, ca: await authority, replayLimit: 1_000_000, heartbeatIntervalMs: 41_250 }),
    RedisServer.start(),
    memberProgram(),
  ])
  discord.gateway.sessionStarts.maxConcurrency = 16
  const proxy = await startProxy({ scheme: 'http', names })
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-chaos-'))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, discord.ca)
  const watch = new Watch(discord)
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
  const run: Run = { random, redis, watch, members, start, excused: 0 }
  let number = 0
  const timers = [
    setInterval(() => discord.gateway.dispatch('LAB', { number: ++number }), 50),
    setInterval(() => watch.look(), 10),
  ]
  const script: string[] = []
  try {
    for (let index = 0; index < MEMBERS; index += 1) start()
    await back(run, () => number, BACK_MS, 'the start', script)
    const faults = random.between(2, 4)
    for (let index = 0; index < faults; index += 1) {
      const fault = random.pick(FAULTS.filter(({ name }) => faultNames?.includes(name) ?? true))
      watch.note(`FAULT ${fault.name}`)
      await fault.inflict(run)
      watch.note(`END OF FAULT`)
      if (random.next() < 0.3) continue
      await back(run, () => number, run.excused > 0 ? DOUBT_MS : BACK_MS, fault.name, script)
      await sleep(random.between(0, 1_500))
    }
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
