import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { compiled } from '../support/processes/compiled.js'

/** A client of a gateway in a process of its own: sharing-program.ts. */
export class SharingProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  static async start(env: Readonly<Record<string, string>>): Promise<SharingProcess> {
    const path = await compiled(new URL('sharing-program.ts', import.meta.url))
    const child = spawn(process.execPath, [path], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    return new SharingProcess(child)
  }

  /** Waits for the next line. @throws Error where it is another one, or the process has ended */
  async said(expected: string): Promise<void> {
    const line = await this.#line()
    if (line !== expected) throw new Error(`expected ${expected}, and it said ${line}`)
  }

  /** Sends a message. @returns the answer */
  async ask(message: string, withinMs: number): Promise<string> {
    this.#child.stdin.write(`${message}\n`)
    const late = sleep(withinMs, undefined, { ref: false }).then(() => {
      throw new Error(`no answer to ${message} within ${withinMs} ms`)
    })
    return Promise.race([this.#line(), late])
  }

  /** From now on without the shared token. */
  reconnect(): void {
    this.#child.stdin.write('reconnect\n')
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.stdin.end()
    await closed
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next()
    if (next.done === true) throw new Error('the process has ended')
    return next.value
  }
}
