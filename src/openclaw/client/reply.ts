import { messageText } from './answers.js'
import { OpenClawError } from './openclaw-error.js'
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

export function runFailed(
  { runId, sessionKey }: Run,
  message: string | null,
  details: Fields,
): OpenClawError {
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

export function runStopped({ runId, sessionKey }: Run): OpenClawError {
  return new OpenClawError(`The run in ${sessionKey} was stopped before it answered`, {
    code: 'ERR_OPENCLAW_RUN',
    reason: 'aborted',
    hint: 'Somebody stopped the session. Send the message again if it is still wanted.',
    retryable: false,
    sent: 'maybe',
    details: { runId, sessionKey },
  })
}

export function noAnswer({ runId, sessionKey }: Run): OpenClawError {
  return new OpenClawError(
    `The session ${sessionKey} does nothing any more, and has no answer to the message`,
    {
      code: 'ERR_OPENCLAW_RUN',
      reason: 'no-answer',
      hint: 'The gateway may have restarted meanwhile. Read the history, and send the message again if it is still wanted.',
      retryable: true,
      sent: 'maybe',
      details: { runId, sessionKey },
    },
  )
}
