import { hintFor, TransportError, type TransportPhase } from '../../errors.js'
import { render, type Audience, type Text } from '../../messages/index.js'
import { DiscordFailure } from './discord-failure.js'
import { inOrder, titleOf, type DiagnosedHop, type DiagnosisCode, type HopId } from './hops.js'

/** A hop that has begun or ended. */
export interface HopProgress {
  readonly id: HopId
  readonly title: string
  readonly status: 'running' | 'ok' | 'failed'
}

/** When a hop began and how long it took, in milliseconds. */
export interface HopTime {
  readonly startMs: number | null
  readonly ms: number | null
}

export const NO_TIME: HopTime = { startMs: null, ms: null }

/** What is known of a failure. */
export interface HopFailure {
  readonly code: DiagnosisCode
  readonly phase: TransportPhase | null
  readonly message: string
  readonly hint: string
}

/** @throws what is not a failure of a hop: an abort, a defect */
export function hopFailure(error: unknown, audience: Audience): HopFailure {
  if (error instanceof TransportError) {
    const { code, phase, message } = error
    return { code, phase, message, hint: hintFor(error, audience) }
  }
  if (error instanceof DiscordFailure) {
    const { code, message, hint } = error
    return { code, phase: null, message, hint: render(hint, audience) }
  }
  throw error
}

export interface HopLogOptions {
  /** `host:port` that the route leads to. */
  readonly target: string
  readonly audience: Audience
  readonly onProgress?: ((progress: HopProgress) => void) | undefined
}

/** The hops of one diagnosis while it runs. */
export class HopLog {
  /** The words in which hints are written. */
  readonly audience: Audience
  readonly #target: string
  readonly #startedAt = performance.now()
  readonly #onProgress: ((progress: HopProgress) => void) | undefined
  readonly #planned = new Set<HopId>()
  readonly #ended = new Map<HopId, DiagnosedHop>()

  constructor({ target, audience, onProgress }: HopLogOptions) {
    this.audience = audience
    this.#target = target
    this.#onProgress = onProgress
  }

  /** Milliseconds since the diagnosis began. */
  get now(): number {
    return performance.now() - this.#startedAt
  }

  /** Hops that belong to this diagnosis; those that never end are not reached. */
  plan(ids: Iterable<HopId>): void {
    for (const id of ids) this.#planned.add(id)
  }

  begin(id: HopId): void {
    this.#tell(id, 'running')
  }

  pass(id: HopId, time: HopTime, detail: string | null = null): void {
    this.#end({ ...this.#blank(id), ...rounded(time), status: 'ok', detail })
  }

  fail(id: HopId, time: HopTime, failure: HopFailure, detail: string | null = null): void {
    this.#end({ ...this.#blank(id), ...rounded(time), ...failure, status: 'failed', detail })
  }

  /** Not reached, with a reason. */
  skip(id: HopId, reason: Text): void {
    this.plan([id])
    this.#ended.set(id, { ...this.#blank(id), detail: render(reason, this.audience) })
  }

  /** Runs a hop of its own and notes how it ended. Undefined where it failed. */
  async run<T>(id: HopId, work: () => Promise<{ value: T; detail: string | null }>): Promise<T | undefined> {
    this.begin(id)
    const startMs = this.now
    try {
      const { value, detail } = await work()
      this.pass(id, { startMs, ms: this.now - startMs }, detail)
      return value
    } catch (error) {
      this.fail(id, { startMs, ms: this.now - startMs }, hopFailure(error, this.audience))
      return undefined
    }
  }

  get hops(): readonly DiagnosedHop[] {
    return inOrder(this.#planned).map((id) => this.#ended.get(id) ?? this.#blank(id))
  }

  #end(hop: DiagnosedHop): void {
    this.plan([hop.id])
    this.#ended.set(hop.id, hop)
    this.#tell(hop.id, hop.status === 'failed' ? 'failed' : 'ok')
  }

  #tell(id: HopId, status: HopProgress['status']): void {
    this.#onProgress?.({ id, title: titleOf(id, this.#target), status })
  }

  #blank(id: HopId): DiagnosedHop {
    return {
      id,
      title: titleOf(id, this.#target),
      status: 'not-reached',
      startMs: null,
      ms: null,
      detail: null,
      code: null,
      phase: null,
      message: null,
      hint: null,
    }
  }
}

/** Tenths of a millisecond: more is noise. */
function rounded({ startMs, ms }: HopTime): HopTime {
  const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10)
  return { startMs: round(startMs), ms: round(ms) }
}
