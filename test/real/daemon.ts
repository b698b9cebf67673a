import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** A program and the port on which it serves. */
export interface DaemonOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly port: number
  /** Turns the command into one that runs where the proxies live. */
  readonly within: (command: readonly string[]) => readonly string[]
}

const START_MS = 15_000
/** Some wait for their clients, or for as long as a page may take. */
const STOP_MS = 500
/** How often the kernel is asked whether it listens: no proxy announces it in a way they all share. */
const POLL_MS = 25
const KEPT_OUTPUT = 8_192

/** A server program of the system, in the foreground and in a process group of its own. */
export class Daemon {
  readonly #options: DaemonOptions
  #child: ChildProcess | undefined
  #output = ''

  private constructor(options: DaemonOptions) {
    this.#options = options
  }

  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options)
    await daemon.start()
    return daemon
  }

  async start(): Promise<void> {
    const { program, args, port, within } = this.#options
    const [command = '', ...rest] = within([program, ...args])
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT)
      })
    }
    const failed = once(child, 'exit').then(([code]: unknown[]) => {
      throw new Error(`${program} ended with ${String(code)} before it listened:\n${this.#output}`)
    })
    failed.catch(() => undefined)
    const deadline = performance.now() + START_MS
    while (!this.#listens(port)) {
      if (performance.now() > deadline) {
        await this.stop()
        throw new Error(`${program} does not listen on ${port} after ${START_MS} ms:\n${this.#output}`)
      }
      await Promise.race([failed, delay(POLL_MS)])
    }
  }

  /** SIGTERM, and SIGKILL soon after. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Gone as in a power cut: the kernel closes its sockets, nobody says goodbye. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined
    signalGroup(child, signal)
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_MS)
    await ended
    clearTimeout(timer)
    // Forked children of those that do not take theirs along.
    signalGroup(child, 'SIGKILL')
  }

  #listens(port: number): boolean {
    const [command = '', ...rest] = this.#options.within(['ss', '-Hltn', `sport = :${port}`])
    return spawnSync(command, rest, { encoding: 'utf8' }).stdout.includes('LISTEN')
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: the whole group is gone.
  }
}
