import type { Emit } from './events.js'
import { fieldsOf, numberOf, textOf, type EventFrame } from './wire/frames.js'

/** Events about sessions that have one listener: each has its name in its `event`. */
const OF_SESSIONS = /^(?:sessions?\.)/

/** Tells the listeners of the event, and those of every event. */
export function tellEvent(emit: Emit, frame: EventFrame): void {
  const { event, payload } = frame
  emit('event', frame)
  switch (event) {
    case 'chat':
      emit('chat', {
        ...payload,
        runId: textOf(payload['runId']) ?? '',
        sessionKey: textOf(payload['sessionKey']) ?? '',
        state: textOf(payload['state']) ?? '',
      })
      return
    case 'agent':
      emit('agent', {
        ...payload,
        runId: textOf(payload['runId']) ?? '',
        stream: textOf(payload['stream']) ?? '',
        data: fieldsOf(payload['data']),
      })
      return
    case 'presence':
    case 'tick':
      emit(event, payload)
      return
    case 'shutdown':
      emit('shutdown', shutdownOf(payload))
      return
    default:
      if (OF_SESSIONS.test(event)) emit('session', { event, payload })
  }
}

function shutdownOf(payload: EventFrame['payload']) {
  const reason = textOf(payload['reason'])
  const restartExpectedMs = numberOf(payload['restartExpectedMs'])
  return {
    ...payload,
    ...(reason === null ? {} : { reason }),
    ...(restartExpectedMs === null ? {} : { restartExpectedMs }),
  }
}
