import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ExampleSettings {
  /** A file of examples/. */
  readonly name: string
  readonly proxy: string
  readonly ca: string
  readonly token: string
  readonly channelId: string
}

/** An example as a user starts it: settings from the environment, and nothing of the lab but its authority. */
export class ExampleProcess {
  readonly #child: ChildProcess
  readonly #directory: string
  #output = ''

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child
    this.#directory = directory
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
  }

  static async start({ name, proxy, ca, token, channelId }: ExampleSettings): Promise<ExampleProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'discord-transport-'))
    await writeFile(join(directory, 'ca.pem'), ca)
    const child = fork(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
        OPENCLAW_PROXY_URL: proxy,
        DISCORD_BOT_TOKEN: token,
        DISCORD_CHANNEL_ID: channelId,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    return new ExampleProcess(child, directory)
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output
  }

  /** Waits for something that the example must live to bring about. */
  async during<T>(event: Promise<T>): Promise<T> {
    const gone = this.ended().then(() => Promise.reject(new Error(`The example ended: ${this.#output}`)))
    return Promise.race([event, gone])
  }

  /** Its exit code, once it has ended of its own accord. */
  async ended(): Promise<number | null> {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) await once(this.#child, 'close')
    return this.#child.exitCode
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
