import { isObject } from '../../config/json.js'
import { fieldsOf, textOf, type Fields } from './wire/frames.js'

/** What a history says about one message. */
export interface Finding {
  /** The message itself is there, or waits to be taken up. */
  readonly known: boolean
  /** No other message follows it: the gateway begins a run again for the latest message only. */
  readonly isLast: boolean
  /** Its answer. */
  readonly answer: Fields | undefined
  /** The latest answer behind it, whosever it is: several messages may be answered by one. */
  readonly latest: Fields | undefined
  /** Whether the session works, or has something to do; undefined where the gateway does not say. */
  readonly busy: boolean | undefined
}

/**
 * Finds the answer to a message in the history of its session.
 *
 * An answer names its run. Where that is the run of the message, it is its answer. A message into a busy session is
 * answered by a run that nobody was told of: those messages and those answers belong together in their order.
 */
export function findAnswer(history: Fields, runId: string): Finding {
  const messages = Array.isArray(history['messages']) ? history['messages'].filter(isObject) : []
  const asked = messages.findIndex((message) => keyOf(message) === `${runId}:user`)
  const isLast = !messages.slice(asked + 1).some((message) => keyOf(message) !== null)
  const latest = asked === -1 ? undefined : messages.slice(asked + 1).findLast(isAnswer)
  return {
    known: asked !== -1 || JSON.stringify(history['pendingInputs'] ?? null).includes(runId),
    answer:
      messages.find((message) => isAnswer(message) && runOf(message) === runId) ?? inOrder(messages, runId),
    isLast: asked === -1 || isLast,
    latest,
    busy: isBusy(history),
  }
}

function inOrder(messages: readonly Fields[], runId: string): Fields | undefined {
  const asked = new Set(messages.flatMap((message) => keyOf(message) ?? []))
  const answered = new Set(messages.filter(isAnswer).flatMap((message) => runOf(message) ?? []))
  const waiting: string[] = []
  for (const message of messages) {
    const key = keyOf(message)
    if (key !== null) {
      const run = key.replace(/:user$/, '')
      if (!answered.has(run)) waiting.push(run)
    } else if (isAnswer(message) && !asked.has(`${runOf(message) ?? ''}:user`)) {
      if (waiting.shift() === runId) return message
    }
  }
  return undefined
}

function isBusy(history: Fields): boolean | undefined {
  // The session does not exist, or no longer.
  if (history['sessionId'] === undefined) return false
  const active = fieldsOf(history['sessionInfo'])['hasActiveRun']
  if (typeof active !== 'boolean') return undefined
  const { total } = fieldsOf(history['pendingInputs'])
  return active || isObject(history['inFlightRun']) || (typeof total === 'number' && total > 0)
}

/** An assistant's message that ends its turn: others call a tool and go on. */
function isAnswer({ role, stopReason }: Fields): boolean {
  return role === 'assistant' && stopReason !== 'toolUse' && stopReason !== 'tool_use'
}

/** The key of a message of a user. */
function keyOf(message: Fields): string | null {
  return message['role'] === 'user' ? anyKeyOf(message) : null
}

/** The run of an answer. That of a run that failed has its key instead. */
function runOf(message: Fields): string | null {
  const run = textOf(fieldsOf(message['__openclaw'])['runId'])
  return run ?? anyKeyOf(message)?.replace(/:[\w-]+$/, '') ?? null
}

function anyKeyOf(message: Fields): string | null {
  return textOf(message['idempotencyKey']) ?? textOf(fieldsOf(message['__openclaw'])['idempotencyKey'])
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
