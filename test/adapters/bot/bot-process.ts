import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { pathToFileURL } from 'node:url'
import type { GuardReport } from '../../../examples/demo/guard.js'
import { compiled } from '../../support/processes/compiled.js'
import type { BotCommand, BotReport, BotSettings, Stopped } from './messages.js'

/** What the reports of every bot have in common. */
interface AnyReport {
  readonly type: string
}

type Of<Report, Type> = Extract<Report, { type: Type }>

export interface BotProcessOptions {
  /** The Node binary. Default: that of this process. */
  readonly node?: string
  /** Loaded before the program. */
  readonly preload?: URL
  readonly env?: Readonly<Record<string, string>>
}

/** A bot in a process of its own, and its reports. */
export class BotProcess<Report extends AnyReport = BotReport, Settings = BotSettings> {
  readonly reports: (Report | Stopped)[] = []
  readonly #child: ChildProcess
  /** Emits `change` for each report and for the end of the process. */
  readonly #changes = new EventEmitter().setMaxListeners(0)
  readonly #closed: Promise<void>
  #ended = false
  #stderr = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#child.on('message', (report: Report | Stopped) => {
      this.reports.push(report)
      this.#changes.emit('change')
    })
    this.#closed = once(this.#child, 'close').then(() => {
      this.#ended = true
      this.#changes.emit('change')
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
  }

  /** @param program its source, which listens for the commands `start` and `stop`. Default: the bot of this folder */
  static async launch<Report extends AnyReport = BotReport, Settings = BotSettings>(
    { node, preload, env }: BotProcessOptions = {},
    program = new URL('bot.ts', import.meta.url),
  ): Promise<BotProcess<Report, Settings>> {
    const [file, before] = await Promise.all([
      compiled(program),
      preload === undefined ? undefined : compiled(preload),
    ])
    const child = fork(file, {
      execArgv: before === undefined ? [] : ['--import', pathToFileURL(before).href],
      // The rest of the environment might name a proxy.
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(node === undefined ? undefined : { execPath: node }),
    })
    return new BotProcess<Report, Settings>(child)
  }

  get stderr(): string {
    return this.#stderr
  }

  start(settings: Settings): void {
    this.#tell({ type: 'start', settings })
  }

  /** The first report of this type that passes, past or to come. Rejects when the bot ends before. */
  waitFor<Type extends (Report | Stopped)['type']>(
    type: Type,
    passes: (report: Of<Report | Stopped, Type>) => boolean = () => true,
  ): Promise<Of<Report | Stopped, Type>> {
    const isIt = (report: Report | Stopped): report is Of<Report | Stopped, Type> =>
      report.type === type && passes(report as Of<Report | Stopped, Type>)
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
    await this.#closed
    const stopped = this.reports.find((report): report is Stopped => report.type === 'stopped')
    if (stopped === undefined) throw new Error(`The bot ended without a report: ${this.#stderr}`)
    return stopped.guard
  }

  /** Its exit code, after it ended by itself. */
  async ended(): Promise<number | null> {
    await this.#closed
    return this.#child.exitCode
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  #tell(command: BotCommand<Settings>): void {
    this.#child.send(command)
  }
}
