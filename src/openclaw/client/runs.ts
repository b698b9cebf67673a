import { isObject } from '../../config/json.js'
import { abortable } from '../../reconnect/abortable.js'
import { findAnswer } from './answers.js'
import { OpenClawError } from './openclaw-error.js'
import { noAnswer, outcomeOf, replyOf, runFailed, runStopped, type Reply, type Run } from './reply.js'
import { textOf, type Fields } from './wire/frames.js'

/** Reads the history of a session. */
export type ReadHistory = (sessionKey: string) => Promise<Fields>

interface Known {
  readonly runId: string
  sessionKey: string
  /** Sends the message once more, with the same key. */
  readonly again: (() => Promise<unknown>) | undefined
  readonly trackedAt: number
  /** Its own run has nothing more to say, or events were lost: the answer is to be looked for in the history. */
  elsewhere: boolean
  /** The gateway began anew, or refused to begin the run because it was about to. */
  interrupted: boolean
  /** How often it was sent again. */
  repeats: number
  /** Looks in a row at a session that did nothing and had no answer. */
  idleLooks: number
  outcome: Reply | Error | undefined
  readonly waiting: Set<() => void>
}

/** Runs that ended and were not asked for are kept up to this number. */
const MAX_KNOWN = 500
/** Between two looks at the history of a session. */
const LOOK_MS = 5_000
/** After so many of them a session that does nothing will not answer any more. */
const MAX_IDLE_LOOKS = 3
const MAX_REPEATS = 5
/** The gateway keeps idempotency keys in its memory for five minutes, and in the history for ever. */
const REPEATABLE_MS = 15 * 60_000

/** What a run says that the gateway did not begin because it is about to stop. */
const DRAINING = /gateway\s?draining|gateway is (?:draining|restarting)/i

/**
 * The messages of this client, and what became of them.
 *
 * A message into a session that is busy is queued: its own run ends at once with a `final` without a message, and the
 * answer comes later under another run id. A gateway that restarts drops what it had accepted and not begun. The
 * history knows better in both cases, and a message that has no answer there is sent again with its key: the gateway
 * then begins its run, and no message stands twice in the history.
 */
export class Runs {
  readonly #known = new Map<string, Known>()
  readonly #readHistory: ReadHistory
  readonly #looking = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(readHistory: ReadHistory) {
    this.#readHistory = readHistory
  }

  /**
   * From now on the events of this run are kept.
   *
   * @param again sends the message once more with the same key
   */
  track({ runId, sessionKey }: Run, again?: () => Promise<unknown>): Known {
    const known: Known = {
      runId,
      sessionKey,
      again,
      trackedAt: performance.now(),
      elsewhere: false,
      interrupted: false,
      repeats: 0,
      idleLooks: 0,
      outcome: undefined,
      waiting: new Set(),
    }
    this.#known.delete(runId)
    this.#known.set(runId, known)
    for (const [id, { waiting }] of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break
      if (waiting.size === 0) this.#known.delete(id)
    }
    return known
  }

  forget(runId: string): void {
    if (this.#known.get(runId)?.waiting.size === 0) this.#known.delete(runId)
  }

  /** A `chat` event. */
  event(payload: Fields): void {
    const known = this.#known.get(textOf(payload['runId']) ?? '')
    const sessionKey = textOf(payload['sessionKey'])
    if (known !== undefined) {
      // The full key, where the message was sent with a short one.
      if (sessionKey !== null) known.sessionKey = sessionKey
      this.#ofRun(known, payload)
    } else if (sessionKey !== null && (payload['state'] === 'final' || payload['state'] === 'error')) {
      if (this.#open(sessionKey).some(({ elsewhere }) => elsewhere)) this.#look(sessionKey)
    }
  }

  /** Events were lost: what is waited for may have happened. */
  lookAgain(): void {
    for (const known of this.#known.values()) known.elsewhere = true
    this.#schedule()
    for (const sessionKey of this.#openSessions()) this.#look(sessionKey)
  }

  /** The gateway began anew. What it had not finished is lost, unless it is in the history. */
  restarted(): void {
    for (const known of this.#known.values()) if (known.outcome === undefined) known.interrupted = true
    this.lookAgain()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#known.clear()
  }

  /**
   * The answer to a message.
   *
   * @throws OpenClawError ERR_OPENCLAW_RUN if the run failed, was stopped, or has no answer
   * @throws the reason of the signal
   */
  async reply(run: Run, signal: AbortSignal): Promise<Reply> {
    const before = this.#known.get(run.runId)
    const known = before ?? this.track(run)
    if (before === undefined) known.elsewhere = true
    if (known.outcome === undefined) {
      if (known.elsewhere || known.interrupted) this.#look(known.sessionKey)
      this.#schedule()
      await abortable<undefined>(signal, (resolve) => {
        const settled = (): void => resolve(undefined)
        known.waiting.add(settled)
        return () => known.waiting.delete(settled)
      })
    }
    const { outcome } = known
    this.#known.delete(run.runId)
    if (outcome instanceof Error) throw outcome
    if (outcome === undefined) throw noAnswer(known)
    return outcome
  }

  /** Messages of a session whose answer is not known. */
  #open(sessionKey: string): Known[] {
    return [...this.#known.values()].filter(
      (known) => known.sessionKey === sessionKey && known.outcome === undefined,
    )
  }

  /** Sessions with a message that is waited for, or that a restart has interrupted. */
  #openSessions(): Set<string> {
    const open = [...this.#known.values()].filter(
      ({ outcome, waiting, interrupted }) => outcome === undefined && (waiting.size > 0 || interrupted),
    )
    return new Set(open.map(({ sessionKey }) => sessionKey))
  }

  /** Looks every few seconds, as long as there is a message for which no event will come. */
  #schedule(): void {
    this.#timer ??= setInterval(() => {
      const sessions = this.#openSessions()
      if (sessions.size === 0) {
        clearInterval(this.#timer)
        this.#timer = undefined
      }
      for (const sessionKey of sessions)
        if (this.#open(sessionKey).some(({ elsewhere, interrupted }) => elsewhere || interrupted))
          this.#look(sessionKey)
    }, LOOK_MS)
  }

  #ofRun(known: Known, payload: Fields): void {
    const state = payload['state']
    if (state === 'error') {
      const message = textOf(payload['errorMessage'])
      if (known.again !== undefined && DRAINING.test(message ?? '')) known.interrupted = true
      else this.#settle(known, runFailed(known, message, payload))
    } else if (state === 'aborted') this.#settle(known, runStopped(known))
    else if (state !== 'final') known.elsewhere = false
    else if (isObject(payload['message']))
      this.#settle(known, replyOf(known, payload['message'], textOf(payload['stopReason'])))
    else {
      known.elsewhere = true
      if (known.waiting.size > 0) this.#look(known.sessionKey)
    }
  }

  /** Looks for answers in the history. A failure is left to the next look. */
  #look(sessionKey: string): void {
    if (this.#looking.has(sessionKey)) return
    this.#looking.add(sessionKey)
    this.#readHistory(sessionKey)
      .then(
        (history) => {
          for (const known of this.#open(sessionKey)) this.#found(known, history)
        },
        // The connection ended, or the gateway is busy.
        () => undefined,
      )
      .finally(() => this.#looking.delete(sessionKey))
  }

  #found(known: Known, history: Fields): void {
    const finding = findAnswer(history, known.runId)
    if (finding.answer !== undefined) {
      this.#settle(known, outcomeOf(known, finding.answer))
      return
    }
    if (finding.known) known.elsewhere = true
    if (finding.busy !== false) {
      known.idleLooks = 0
      return
    }
    if (known.interrupted && finding.isLast && this.#repeat(known)) return
    known.idleLooks += 1
    if (known.idleLooks < MAX_IDLE_LOOKS || !(known.elsewhere || known.interrupted)) return
    this.#settle(known, finding.latest === undefined ? noAnswer(known) : outcomeOf(known, finding.latest))
  }

  /** @returns whether it is sent again, and has to be waited for */
  #repeat(known: Known): boolean {
    const tooOld = performance.now() - known.trackedAt > REPEATABLE_MS
    if (known.again === undefined || known.repeats >= MAX_REPEATS || tooOld) return false
    known.repeats += 1
    known.interrupted = false
    known.elsewhere = false
    known.again().catch((error: unknown) => {
      // The session is gone with the process, for example.
      if (error instanceof OpenClawError && !error.retryable) this.#settle(known, error)
      else known.interrupted = true
    })
    return true
  }

  #settle(known: Known, outcome: Reply | Error): void {
    if (known.outcome !== undefined) return
    known.outcome = outcome
    for (const resolve of known.waiting) resolve()
    known.waiting.clear()
  }
}
