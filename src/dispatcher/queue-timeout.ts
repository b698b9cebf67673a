import { failureOf, type TransportError } from '../errors.js'
import { text, type Text } from '../messages/index.js'
import { failure, fault, type Via } from '../tunnel/fault.js'
import type { LaneUse } from './origin-pool.js'

/** The tunnels of a dispatcher at the moment at which a request gave up waiting. */
export interface TunnelUse {
  readonly maxTunnels: number
  /** Of each origin. */
  readonly lanes: readonly LaneUse[]
}

const NONE_FREE = fault('ERR_TARGET_TIMEOUT', 'exchange', 'route.queue')
const NONE_OPENED = fault('ERR_PROXY_TIMEOUT', 'tunnel', 'route.queue')

/**
 * No tunnel became free for a request within its deadline. Open tunnels that do not answer blame the destination;
 * where none is open, the proxy has kept the request waiting.
 */
export function queueTimeout(via: Via, timeoutMs: number, { maxTunnels, lanes }: TunnelUse): TransportError {
  const sum = (count: (use: LaneUse) => number): number => lanes.reduce((all, use) => all + count(use), 0)
  const unanswered = sum((use) => use.unanswered)
  const unread = sum((use) => use.unread)
  const opening = sum((use) => use.opening)
  const parts = [
    ...part(unanswered, 'waits for an answer', 'wait for an answer'),
    ...part(unread, 'holds a response that is not read', 'hold a response that is not read'),
    ...part(opening, 'is being opened', 'are being opened'),
  ]
  const held = unanswered + unread
  const late = held === 0 && via.proxy !== null ? NONE_OPENED : NONE_FREE
  const use = parts.join(', ') || 'none is open'
  const error = failure(late, via, { timeoutMs, maxTunnels, use }, { hint: hintFor(unread, held) })
  return failureOf(error, { sent: 'no', retryable: true })
}

function part(count: number, one: string, many: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
}

function hintFor(unread: number, held: number): Text {
  if (unread > held / 2) return text('route.unread.hint')
  return held > 0 ? text('route.queue.busy.hint') : text('route.queue.hint')
}
