import type { HopProgress } from '../../index.js'
import { styleFor } from './terminal.js'

/** A hop that takes this long is worth a word. */
const PATIENCE_MS = 1_000
const REPEAT_MS = 3_000

/** Says on standard error what is being waited for: one line that changes, or at a file one line now and then. */
export class Progress {
  readonly #running = new Map<string, number>()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #style = styleFor(process.stderr)
  #saidAt = performance.now()

  constructor(enabled: boolean) {
    if (enabled) this.#timer = setInterval(() => this.#tick(), 250)
  }

  readonly note = ({ title, status }: HopProgress): void => {
    if (status === 'running') this.#running.set(title, performance.now())
    else this.#running.delete(title)
  }

  /** Takes its line away again. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#timer !== undefined && process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  }

  #tick(): void {
    const last = [...this.#running].at(-1)
    if (last === undefined) return
    const [title, since] = last
    const waitedMs = performance.now() - since
    if (waitedMs < PATIENCE_MS) return
    const line = this.#style.dim(`waiting for: ${title} (${Math.floor(waitedMs / 1_000)} s)`)
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${line}`)
    } else if (performance.now() - this.#saidAt >= (waitedMs < PATIENCE_MS * 2 ? PATIENCE_MS : REPEAT_MS)) {
      this.#saidAt = performance.now()
      process.stderr.write(`${line}\n`)
    }
  }
}
