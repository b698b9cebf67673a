import { reasonOf } from '../../reconnect/abortable.js'
import { OpenClawError } from './openclaw-error.js'
import { fieldsOf, isFields, textOf, type Fields } from './wire/frames.js'

/** A message that was sent, as `sessionsSend` and `sessionsSpawn` give it. */
export interface Run {
  /** The gateway's name for it: the idempotency key. */
  readonly runId: string
  readonly sessionKey: string
}

/** The answer to a message. */
export interface Reply extends Run {
  /** The texts of the message, joined. */
  readonly text: string
  /** As the gateway gives it. */
  readonly message: Fields
  readonly stopReason: string | null
}

/** Reads the history of a session. */
export type ReadHistory = (sessionKey: string) => Promise<Fields>

interface Known {
  readonly runId: string
  sessionKey: string
  /** The message was accepted by another run: the answer has a run id that nobody is told. */
  elsewhere: boolean
  outcome: Reply | Error | undefined
  readonly waiting: Set<() => void>
}

/** Runs that ended and were not asked for are kept up to this number. */
const MAX_KNOWN = 500
/** Between two looks at the history while the answer comes under another run. */
const LOOK_MS = 5_000

/**
 * The messages of this client, and what became of them.
 *
 * A message into a session that is busy is queued: its own run ends at once with a `final` without a message, and the
 * answer comes later under another run id. The history knows both: it keeps the idempotency key of each message.
 */
export class Runs {
  readonly #known = new Map<string, Known>()
  readonly #readHistory: ReadHistory
  readonly #looking = new Set<string>()

  constructor(readHistory: ReadHistory) {
    this.#readHistory = readHistory
  }

  /** From now on the events of this run are kept. */
  track({ runId, sessionKey }: Run): void {
    this.#known.delete(runId)
    this.#known.set(runId, { runId, sessionKey, elsewhere: false, outcome: undefined, waiting: new Set() })
    for (const [id, { waiting }] of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break
      if (waiting.size === 0) this.#known.delete(id)
    }
  }

  forget(runId: string): void {
    if (this.#known.get(runId)?.waiting.size === 0) this.#known.delete(runId)
  }

  /** A `chat` event. */
  event(payload: Fields): void {
    const runId = textOf(payload['runId']) ?? ''
    const sessionKey = textOf(payload['sessionKey'])
    const known = this.#known.get(runId)
    if (known !== undefined) {
      // The full key, where the message was sent with a short one.
      if (sessionKey !== null) known.sessionKey = sessionKey
      this.#ofRun(known, payload)
    } else if (payload['state'] === 'final' || payload['state'] === 'error') {
      for (const other of this.#known.values())
        if (other.elsewhere && other.sessionKey === sessionKey && other.waiting.size > 0)
          void this.#look(other)
    }
  }

  /** Events were lost: what is waited for may have happened. */
  lookAgain(): void {
    for (const known of this.#known.values())
      if (known.waiting.size > 0 && known.outcome === undefined) void this.#look(known)
  }

  /** Sessions with a message whose answer is waited for. */
  get sessionKeys(): readonly string[] {
    const waiting = [...this.#known.values()].filter((known) => known.waiting.size > 0)
    return [...new Set(waiting.map(({ sessionKey }) => sessionKey))]
  }

  /**
   * The answer to a message.
   *
   * @throws OpenClawError ERR_OPENCLAW_RUN if the run failed or was stopped
   * @throws the reason of the signal
   */
  async reply(run: Run, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted()
    const isNew = !this.#known.has(run.runId)
    if (isNew) this.track(run)
    const known = this.#known.get(run.runId)
    if (known === undefined) throw new TypeError('the run was tracked just now')
    if (known.outcome === undefined) await this.#settled(known, signal, isNew || known.elsewhere)
    this.#known.delete(run.runId)
    const { outcome } = known
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new TypeError('no outcome')
    return outcome
  }

  async #settled(known: Known, signal: AbortSignal, lookNow: boolean): Promise<void> {
    const timer = setInterval(() => {
      if (known.elsewhere) void this.#look(known)
    }, LOOK_MS)
    try {
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          known.waiting.delete(resolve)
          reject(reasonOf(signal))
        }
        signal.addEventListener('abort', abort, { once: true })
        known.waiting.add(() => {
          signal.removeEventListener('abort', abort)
          resolve()
        })
        if (lookNow) void this.#look(known)
      })
    } finally {
      clearInterval(timer)
    }
  }

  #ofRun(known: Known, payload: Fields): void {
    const state = payload['state']
    if (state === 'error') this.#settle(known, runFailed(known, textOf(payload['errorMessage']), payload))
    else if (state === 'aborted') this.#settle(known, runStopped(known))
    else if (state !== 'final') return
    else if (isFields(payload['message'])) {
      const stopReason = textOf(payload['stopReason'])
      this.#settle(known, replyOf(known, payload['message'], stopReason))
    } else {
      known.elsewhere = true
      if (known.waiting.size > 0) void this.#look(known)
    }
  }

  /** Looks for the answer in the history. A failure is left to the next look. */
  async #look(known: Known): Promise<void> {
    if (this.#looking.has(known.runId)) return
    this.#looking.add(known.runId)
    try {
      const history = await this.#readHistory(known.sessionKey)
      if (known.outcome === undefined) this.#found(known, history)
    } catch {
      // The connection ended, or the gateway is busy.
    } finally {
      this.#looking.delete(known.runId)
    }
  }

  #found(known: Known, history: Fields): void {
    const messages = Array.isArray(history['messages']) ? history['messages'].filter(isFields) : []
    const answer = answerTo(messages, known.runId)
    if (answer === undefined) {
      // The message is in the history, so its own run has nothing more to say.
      if (messages.some((message) => keyOf(message) === `${known.runId}:user`)) known.elsewhere = true
      return
    }
    const error = textOf(answer['errorMessage'])
    this.#settle(
      known,
      answer['stopReason'] === 'error'
        ? runFailed(known, error, answer)
        : replyOf(known, answer, textOf(answer['stopReason'])),
    )
  }

  #settle(known: Known, outcome: Reply | Error): void {
    if (known.outcome !== undefined) return
    known.outcome = outcome
    for (const resolve of known.waiting) resolve()
    known.waiting.clear()
  }
}

/** The answer that the run gave, or the first that follows its message. */
function answerTo(messages: readonly Fields[], runId: string): Fields | undefined {
  const own = messages.find(
    (message) => isAnswer(message) && fieldsOf(message['__openclaw'])['runId'] === runId,
  )
  if (own !== undefined) return own
  const asked = messages.findIndex((message) => keyOf(message) === `${runId}:user`)
  return asked === -1 ? undefined : messages.slice(asked + 1).find(isAnswer)
}

/** An assistant's message that ends its turn: others call a tool and go on. */
function isAnswer({ role, stopReason }: Fields): boolean {
  return role === 'assistant' && stopReason !== 'toolUse' && stopReason !== 'tool_use'
}

function keyOf(message: Fields): string | null {
  return textOf(message['idempotencyKey']) ?? textOf(fieldsOf(message['__openclaw'])['idempotencyKey'])
}

function replyOf({ runId, sessionKey }: Known, message: Fields, stopReason: string | null): Reply {
  return { runId, sessionKey, text: messageText(message), message, stopReason }
}

/** The text of a message: its content is a string or a list of blocks. */
export function messageText({ content, text }: Fields): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return textOf(text) ?? ''
  return content
    .flatMap((block: unknown) => {
      const { type, text: part } = fieldsOf(block)
      return (type === 'text' || type === 'output_text') && typeof part === 'string' ? [part] : []
    })
    .join('')
}

function runFailed({ runId, sessionKey }: Known, message: string | null, details: Fields): OpenClawError {
  const kind = textOf(details['errorKind'])
  return new OpenClawError(`The run in ${sessionKey} failed: ${message ?? kind ?? 'no reason given'}`, {
    code: 'ERR_OPENCLAW_RUN',
    reason: kind ?? 'error',
    hint: 'Look at the model and its provider: openclaw models status',
    retryable: kind === 'timeout' || kind === 'rate_limit',
    sent: 'maybe',
    details: { runId, sessionKey },
  })
}

function runStopped({ runId, sessionKey }: Known): OpenClawError {
  return new OpenClawError(`The run in ${sessionKey} was stopped before it answered`, {
    code: 'ERR_OPENCLAW_RUN',
    reason: 'aborted',
    hint: 'Somebody stopped the session. Send the message again if it is still wanted.',
    retryable: false,
    sent: 'maybe',
    details: { runId, sessionKey },
  })
}
