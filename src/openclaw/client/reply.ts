import { messageText } from './answers.js'
import { OpenClawError, type OpenClawErrorDetails } from './openclaw-error.js'
import { textOf, type Fields } from './wire/frames.js'

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

export function outcomeOf(run: Run, answer: Fields): Reply | Error {
  if (answer['stopReason'] === 'error') return runFailed(run, textOf(answer['errorMessage']), answer)
  return replyOf(run, answer, textOf(answer['stopReason']))
}

export function replyOf({ runId, sessionKey }: Run, message: Fields, stopReason: string | null): Reply {
  return { runId, sessionKey, text: messageText(message), message, stopReason }
}

function runError(
  { runId, sessionKey }: Run,
  message: string,
  details: Pick<OpenClawErrorDetails, 'reason' | 'hint' | 'retryable'>,
): OpenClawError {
  const common = { code: 'ERR_OPENCLAW_RUN', sent: 'maybe', details: { runId, sessionKey } } as const
  return new OpenClawError(message, { ...common, ...details })
}

export function runFailed(run: Run, message: string | null, details: Fields): OpenClawError {
  const kind = textOf(details['errorKind'])
  return runError(run, `The run in ${run.sessionKey} failed: ${message ?? kind ?? 'no reason given'}`, {
    reason: kind ?? 'error',
    hint: 'Look at the model and its provider: openclaw models status',
    retryable: kind === 'timeout' || kind === 'rate_limit',
  })
}

export function runStopped(run: Run): OpenClawError {
  return runError(run, `The run in ${run.sessionKey} was stopped before it answered`, {
    reason: 'aborted',
    hint: 'Somebody stopped the session. Send the message again if it is still wanted.',
  })
}

export function noAnswer(run: Run): OpenClawError {
  return runError(
    run,
    `The session ${run.sessionKey} does nothing any more, and has no answer to the message`,
    {
      reason: 'no-answer',
      hint: 'The gateway may have restarted meanwhile. Read the history, and send the message again if it is still wanted.',
      retryable: true,
    },
  )
}
