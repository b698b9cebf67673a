import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Destination } from '../contender.js'
import type { Contender } from '../contenders/index.js'
import type { Answers, Command, Reply } from './commands.js'

/** What every process of a contender shares. */
export interface Surroundings {
  /** Of PEM certificates that Node trusts besides its own. */
  readonly caFile: string
  /** URL of the library that is measured. */
  readonly entry: string
}

/** No command takes longer; a contender that hangs must not hang the bench. */
const DEADLINE_MS = 30_000

/** A contender in a process of its own, and the questions that it answers, one at a time. */
export class ClientProcess {
  readonly #child: ChildProcess
  readonly #name: string

  private constructor(child: ChildProcess, name: string) {
    this.#child = child
    this.#name = name
  }

  static async start(contender: Contender, { caFile, entry }: Surroundings): Promise<ClientProcess> {
    const node = contender.node22 === true ? process.env['BENCH_NODE22'] : undefined
    const file = new URL(`../contenders/${contender.file}.ts`, import.meta.url).href
    const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), [file], {
      execPath: node ?? process.execPath,
      execArgv: ['--import', import.meta.resolve('tsx'), '--no-warnings'],
      env: {
        ...process.env,
        ...contender.env,
        NODE_EXTRA_CA_CERTS: caFile,
        BENCH_ENTRY: entry,
      },
    })
    const started = new ClientProcess(child, contender.name)
    await started.#reply()
    return started
  }

  async open(destination: Destination): Promise<void> {
    await this.ask({ do: 'open', destination })
  }

  async ask<Asked extends Command>(command: Asked): Promise<Answers[Asked['do']]> {
    this.#child.send(command)
    return (await this.#reply()) as Answers[Asked['do']]
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async #reply(): Promise<unknown> {
    const abort = new AbortController()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), DEADLINE_MS)
    try {
      const [message] = (await Promise.race([
        once(this.#child, 'message', { signal: abort.signal }),
        once(this.#child, 'exit', { signal: abort.signal }).then(() => {
          throw new Error(`${this.#name}: its process ended`)
        }),
      ])) as [Reply]
      if (message.error !== undefined) throw new Error(`${this.#name}: ${message.error}`)
      return message.answer
    } finally {
      clearTimeout(timer)
      abort.abort()
    }
  }
}
