import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { transformWithEsbuild } from 'vite'
import type { FakeDiscord } from '../../lab/discord/index.js'
import { builtPackage } from './built-package.js'

export interface ProgramSettings {
  /** A module of TypeScript. */
  readonly code: string
  /** The proxy's URL, credentials included. */
  readonly proxy: string
  readonly discord: FakeDiscord
  /** Where the program runs. Default: a folder of its own, which `kill()` removes. */
  readonly cwd?: string
  /** What runs its file, with arguments. Default: this Node. */
  readonly command?: readonly string[]
  /** A folder in which programs find the package. Default: that of the package as the tests build it. */
  readonly project?: string
  /** More variables, over those that every program has; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * A program as a user of the package starts it: a process of its own with its settings in environment variables. The
 * lab is known to it by the proxy's URL and by the certificate authority alone.
 */
export class Program {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #directory: string
  #output = ''

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child
    this.#closed = once(child, 'close')
    this.#directory = directory
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
  }

  static async start(settings: ProgramSettings): Promise<Program> {
    const { code, proxy, discord, cwd, command = [process.execPath], env } = settings
    const project = settings.project ?? (await builtPackage()).folder
    const directory = await mkdtemp(join(project, 'program-'))
    const file = join(directory, 'program.mjs')
    const ca = join(directory, 'ca.pem')
    // Types are taken away, and nothing else is changed.
    const { code: javaScript } = await transformWithEsbuild(code, 'program.mts', { target: 'node20' })
    await Promise.all([writeFile(file, javaScript), writeFile(ca, discord.ca)])
    const [program = '', ...args] = command
    const child = spawn(program, [...args, file], {
      cwd: cwd ?? directory,
      env: {
        PATH: process.env['PATH'],
        NODE_EXTRA_CA_CERTS: ca,
        OPENCLAW_PROXY_URL: proxy,
        DISCORD_BOT_TOKEN: discord.token,
        DISCORD_APPLICATION_ID: discord.user.id,
        DISCORD_PUBLIC_KEY: 'only for interactions by webhook',
        DISCORD_CHANNEL_ID: discord.channelId,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Program(child, directory)
  }

  /** Its own folder. */
  get directory(): string {
    return this.#directory
  }

  /** What it has written so far, to stdout and stderr. */
  get output(): string {
    return this.#output
  }

  /** Waits until its output contains a text. */
  async printed(text: string): Promise<void> {
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('stdout and stderr are pipes')
    while (!this.#output.includes(text))
      await this.during(Promise.race([once(stdout, 'data'), once(stderr, 'data')]))
  }

  /** Waits for an event that needs this process to be alive, and rejects when the process ends before it. */
  async during<T>(event: Promise<T>): Promise<T> {
    const ended = this.ended().then(() => Promise.reject(new Error(`The program ended: ${this.#output}`)))
    return Promise.race([event, ended])
  }

  /** Its exit code, when it ends by itself. */
  async ended(): Promise<number | null> {
    await this.#closed
    return this.#child.exitCode
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
