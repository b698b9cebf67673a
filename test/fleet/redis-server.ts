import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/free-port.js'

/** A Redis of its own, on a port of loopback, that can be killed, stopped and emptied. */
export class RedisServer {
  readonly port: number
  readonly #folder: string
  readonly #options: readonly string[]
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port
    this.#folder = folder
    this.#options = options
  }

  /** @param options of redis-server, which keeps nothing on disk otherwise */
  static async start(options: readonly string[] = []): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'discord-transport-redis-'))
    const server = new RedisServer(await freePort(), folder, options)
    await server.begin()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async begin(): Promise<void> {
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder]
    this.#process = spawn('redis-server', [...fixed, '--save', '', ...this.#options], { stdio: 'ignore' })
    while ((await this.command('PING').catch(() => '')) !== '+PONG') await sleep(20)
  }

  /** As kill -9 does. */
  async kill(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    if (process === undefined) return
    const ended = once(process, 'exit')
    process.kill('SIGKILL')
    await ended
  }

  stop(): void {
    this.#process?.kill('SIGSTOP')
  }

  continue(): void {
    this.#process?.kill('SIGCONT')
  }

  empty(): Promise<string> {
    return this.command('FLUSHALL')
  }

  /** One inline command; the first line of the answer. */
  command(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1')
      let answer = ''
      socket.on('error', reject)
      socket.on('data', (data) => {
        answer += data.toString()
        const end = answer.indexOf('\r\n')
        if (end < 0) return
        socket.destroy()
        resolve(answer.slice(0, end))
      })
      socket.write(`${line}\r\n`)
    })
  }

  /** How many commands of clients it has processed. */
  async commands(): Promise<number> {
    const socket = connect(this.port, '127.0.0.1')
    socket.write('INFO stats\r\nQUIT\r\n')
    let text = ''
    for await (const data of socket) text += String(data)
    return Number(/total_commands_processed:(\d+)/.exec(text)?.[1])
  }

  async close(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
