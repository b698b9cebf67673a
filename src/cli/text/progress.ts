import type { HopProgress } from '../../index.js'
import { say } from '../../messages/index.js'
import { canReplaceLine, CLEAR_LINE, styleFor } from './terminal.js'

/** A hop that takes this long is named. */
const PATIENCE_MS = 1_000
const REPEAT_MS = 3_000

/**
 * Writes to standard error which hop is being waited for: at a terminal one line that changes, elsewhere a line now
 * and then.
 */
export class Progress {
  readonly #running = new Map<string, number>()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #style = styleFor(process.stderr)
  readonly #replaces = canReplaceLine(process.stderr)
  #writtenAt = performance.now()

  constructor(enabled: boolean) {
    if (enabled) this.#timer = setInterval(() => this.#tick(), 250)
  }

  readonly note = ({ title, status }: HopProgress): void => {
    if (status === 'running') this.#running.set(title, performance.now())
    else this.#running.delete(title)
  }

  /** Removes the line. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#timer !== undefined && this.#replaces) process.stderr.write(CLEAR_LINE)
  }

  #tick(): void {
    const last = [...this.#running].at(-1)
    if (last === undefined) return
    const [title, since] = last
    const waitedMs = performance.now() - since
    if (waitedMs < PATIENCE_MS) return
    const line = say('command.doctor.waiting', { title, seconds: Math.floor(waitedMs / 1_000) })
    if (this.#replaces) {
      // A line that wraps could not be removed.
      process.stderr.write(`${CLEAR_LINE}${this.#style.dim(line.slice(0, process.stderr.columns - 1))}`)
    } else if (
      performance.now() - this.#writtenAt >=
      (waitedMs < PATIENCE_MS * 2 ? PATIENCE_MS : REPEAT_MS)
    ) {
      this.#writtenAt = performance.now()
      process.stderr.write(`${this.#style.dim(line)}\n`)
    }
  }
}
