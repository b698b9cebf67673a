import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { FakeDiscord } from '../lab/discord/index.js'

/** One process of the bot. */
export class ChaosMember {
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
export class Watch {
  readonly violations: string[] = []
  readonly log: string[] = []
  readonly #discord: FakeDiscord
  readonly #shards: number
  readonly #begun = Date.now()
  /** By session and sequence: how often it was handled. */
  readonly #handled = new Map<string, number>()
  readonly #two = new Map<number, string>()
  /** Members that go on after a stop, until their next event. */
  readonly #continued = new Set<string>()
  repeated = 0
  #newest = new Map<string, number>()

  constructor(discord: FakeDiscord, shards: number) {
    this.#discord = discord
    this.#shards = shards
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
    // A process that is stopped within a listener ends that listener when it goes on, whatever became of its lease.
    const wasWithinListener = this.#continued.delete(member)
    const key = `${session} ${sequence}`
    const times = (this.#handled.get(key) ?? 0) + 1
    this.#handled.set(key, times)
    this.#newest.set(session, Math.max(this.#newest.get(session) ?? 0, Number(number)))
    if (times === 1) return
    this.repeated += 1
    if (replayed !== '1' && !wasWithinListener)
      this.violations.push(`${member} was not told that ${key} may have been handled`)
  }

  continued(member: string): void {
    this.#continued.add(member)
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

  /** How many sessions began after this moment. */
  sessionsSince(time: number): number {
    return this.#discord.gateway.sessions.filter(({ createdAt }) => createdAt > time).length
  }

  /** Whether each shard has one session, and its event of this number, or a later one, has been handled. */
  isBack(number: number): boolean {
    const live = this.#discord.gateway.sessions.filter(({ connection }) => connection?.open === true)
    const shards = new Set(live.map(({ shard: [id] }) => id))
    return shards.size === this.#shards && live.every(({ id }) => (this.#newest.get(id) ?? 0) >= number)
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

let bundle: Promise<string> | undefined

/** The member as one file: it starts in a fraction of the time. */
export function memberProgram(): Promise<string> {
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
