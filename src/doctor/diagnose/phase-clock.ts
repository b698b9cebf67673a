import type { TransportPhase } from '../../errors.js'
import type { HopTime } from './hop-log.js'

interface Segment {
  readonly phase: TransportPhase
  readonly startMs: number
  endMs: number
}

/** Times the steps of one attempt as its route reports them. */
export class PhaseClock {
  readonly #now: () => number
  readonly #segments: Segment[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  enter(phase: TransportPhase): void {
    this.stop()
    const startMs = this.#now()
    this.#segments.push({ phase, startMs, endMs: startMs })
  }

  /** Ends the step that is under way. */
  stop(): void {
    const last = this.#segments.at(-1)
    if (last !== undefined) last.endMs = this.#now()
  }

  get entered(): ReadonlySet<TransportPhase> {
    return new Set(this.#segments.map(({ phase }) => phase))
  }

  /** From its first beginning, all its parts together: authentication may stand in the middle of a tunnel request. */
  timeOf(phase: TransportPhase): HopTime | undefined {
    const parts = this.#segments.filter((segment) => segment.phase === phase)
    // The code of a scheme is loaded before the proxy's name is looked up: that is no part of TCP.
    const counted = phase === 'proxy-connect' ? parts.slice(-1) : parts
    const [first] = counted
    if (first === undefined) return undefined
    const ms = counted.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
    return { startMs: first.startMs, ms }
  }
}
