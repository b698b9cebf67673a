import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GuardReport } from '../../../examples/demo/guard.js'
import type { BotCommand, BotReport, BotSettings } from './messages.js'

type Of<Type extends BotReport['type']> = Extract<BotReport, { type: Type }>

export interface BotProcessOptions {
  /** The Node binary. Default: that of this process. */
  readonly node?: string
  /** More arguments for Node, before the program. */
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A bot in a process of its own, and its reports. */
export class BotProcess {
  readonly reports: BotReport[] = []
  readonly #child: ChildProcess
  /** Emits `change` for each report and for the end of the process. */
  readonly #changes = new EventEmitter().setMaxListeners(0)
  readonly #closed: Promise<void>
  #ended = false
  #stderr = ''

  constructor({ node, execArgv = [], env }: BotProcessOptions = {}) {
    this.#child = fork(fileURLToPath(new URL('bot.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx', ...execArgv],
      // The rest of the environment might name a proxy.
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(node === undefined ? undefined : { execPath: node }),
    })
    this.#child.on('message', (report: BotReport) => {
      this.reports.push(report)
      this.#changes.emit('change')
    })
    this.#closed = once(this.#child, 'close').then(() => {
      this.#ended = true
      this.#changes.emit('change')
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
  }

  get stderr(): string {
    return this.#stderr
  }

  start(settings: BotSettings): void {
    this.#tell({ type: 'start', settings })
  }

  /** The first report of this type that passes, past or to come. Rejects when the bot ends before. */
  waitFor<Type extends BotReport['type']>(
    type: Type,
    passes: (report: Of<Type>) => boolean = () => true,
  ): Promise<Of<Type>> {
    const isIt = (report: BotReport): report is Of<Type> => report.type === type && passes(report as Of<Type>)
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.reports.find(isIt)
        if (found !== undefined) resolve(found)
        else if (this.#ended) reject(new Error(`The bot ended: ${this.#stderr}`))
        else return
        this.#changes.off('change', look)
      }
      this.#changes.on('change', look)
      look()
    })
  }

  /** Waits for an event that needs a living bot. Rejects when the bot ends before. */
  async during<T>(event: Promise<T>): Promise<T> {
    const gone = this.#closed.then(() => Promise.reject(new Error(`The bot ended: ${this.#stderr}`)))
    return Promise.race([event, gone])
  }

  /** Stops the bot by a command, and returns what its guard saw. */
  async stop(): Promise<GuardReport> {
    this.#tell({ type: 'stop' })
    const { guard } = await this.waitFor('stopped')
    await this.#closed
    return guard
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  #tell(command: BotCommand): void {
    this.#child.send(command)
  }
}
