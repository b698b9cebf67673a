import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FakeDiscord } from '../../lab/discord/index.js'

export interface ProgramSettings {
  /** A TypeScript or JavaScript file. */
  readonly file: string
  /** The proxy's URL, credentials included. */
  readonly proxy: string
  readonly discord: FakeDiscord
  /** Default: the root of the repository. */
  readonly cwd?: string
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/**
 * A program as a user starts it: a process of its own with its settings in environment variables. The lab is known
 * to it by the proxy's URL and by the certificate authority alone.
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

  static async start({ file, proxy, discord, cwd = ROOT }: ProgramSettings): Promise<Program> {
    const directory = await mkdtemp(join(tmpdir(), 'discord-transport-'))
    await writeFile(join(directory, 'ca.pem'), discord.ca)
    const child = spawn(process.execPath, ['--import', TSX, file], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        // Where the name of the package leads to the sources.
        TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json'),
        NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
        OPENCLAW_PROXY_URL: proxy,
        DISCORD_BOT_TOKEN: discord.token,
        DISCORD_APPLICATION_ID: discord.user.id,
        DISCORD_PUBLIC_KEY: 'only for interactions by webhook',
        DISCORD_CHANNEL_ID: discord.channelId,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Program(child, directory)
  }

  /** What it has written so far, to stdout and stderr. */
  get output(): string {
    return this.#output
  }

  /** Waits until its output contains a text. */
  async printed(text: string): Promise<void> {
    const { stdout } = this.#child
    if (stdout === null) throw new Error('stdout is a pipe')
    while (!this.#output.includes(text)) await this.during(once(stdout, 'data'))
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
