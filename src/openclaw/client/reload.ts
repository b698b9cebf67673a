import type { Reload } from './events.js'
import type { ChatHistory, SessionsList } from './methods.js'
import type { Ask, Subscriptions } from './subscriptions.js'
import { fieldsOf, numberOf, textOf } from './wire/frames.js'

/** Reads what the subscriptions would have told. Undefined where there is none. */
export async function readAgain(
  cause: Reload['cause'],
  { sessions, sessionKeys }: Subscriptions,
  ask: Ask,
): Promise<Reload | undefined> {
  if (!sessions && sessionKeys.length === 0) return undefined
  const [list, ...histories] = await Promise.all([
    sessions ? ask('sessions.list', {}).then(asSessions) : null,
    ...sessionKeys.map(async (sessionKey) =>
      asHistory(await ask('chat.history', { sessionKey }), sessionKey),
    ),
  ])
  return { cause, sessions: list, histories }
}

function asSessions(answer: unknown): SessionsList {
  const fields = fieldsOf(answer)
  const rows = listOf(fields['sessions']).flatMap((row) => {
    const key = textOf(row['key'])
    return key === null ? [] : [{ ...row, key }]
  })
  return {
    ...fields,
    ts: numberOf(fields['ts']) ?? 0,
    count: numberOf(fields['count']) ?? rows.length,
    sessions: rows,
  }
}

function asHistory(answer: unknown, sessionKey: string): ChatHistory {
  const { messages, ...fields } = fieldsOf(answer)
  const read = listOf(messages).map((message) => ({
    ...message,
    role: textOf(message['role']) ?? '',
    content: Array.isArray(message['content'])
      ? listOf(message['content'])
      : (textOf(message['content']) ?? ''),
  }))
  return { ...fields, sessionKey: textOf(fields['sessionKey']) ?? sessionKey, messages: read }
}

function listOf(value: unknown) {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}
