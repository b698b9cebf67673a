import { failureOf, type TransportError } from '../errors.js'
import { failure, type Hop } from '../tunnel/failures.js'
import type { LaneUse } from './origin-pool.js'

/**
 * A request in the queue fails this much after its deadline. An attempt to open a tunnel that began with the request
 * ends first, and its error says more.
 */
const GRACE_MS = 50

/** Tells when the oldest request in the queue has waited for too long. */
export class QueueDeadline {
  readonly #onLate: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(onLate: () => void) {
    this.#onLate = onLate
  }

  /** Whether it is set: then a later request needs nothing more. */
  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** @param since when the oldest request was made, by performance.now() */
  watch(since: number, timeoutMs: number): void {
    const leftMs = since + timeoutMs + GRACE_MS - performance.now()
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#onLate()
      },
      Math.max(0, Math.ceil(leftMs)),
    )
    // The busy tunnel that a request waits for, or the one that is being opened, keeps the process alive.
    this.#timer.unref()
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** The tunnels of a dispatcher at the moment at which a request gave up waiting. */
export interface TunnelUse {
  readonly maxTunnels: number
  /** Of each origin. */
  readonly lanes: readonly LaneUse[]
}

/**
 * No tunnel became free for a request within its deadline. Open tunnels that do not answer blame the destination;
 * where none is open, the proxy has kept the request waiting.
 */
export function queueTimeout(hop: Hop, timeoutMs: number, { maxTunnels, lanes }: TunnelUse): TransportError {
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
  const byProxy = held === 0 && hop.proxy !== null
  const error = failure(
    byProxy ? 'ERR_PROXY_TIMEOUT' : 'ERR_TARGET_TIMEOUT',
    byProxy ? 'tunnel' : 'exchange',
    `no tunnel to ${hop.target} became free within ${timeoutMs} ms: of ${maxTunnels} tunnels, ${parts.join(', ') || 'none is open'}`,
    undefined,
    hop,
    { hint: hintFor(unread, held) },
  )
  return failureOf(error, { sent: 'no', retryable: true })
}

function part(count: number, one: string, many: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
}

function hintFor(unread: number, held: number): string {
  if (unread > held / 2)
    return 'Read the body of every response, or end it with response.body.cancel(): an unread body of more than 64 KiB holds a tunnel.'
  if (held > 0)
    return 'Nothing was sent, so the request can be repeated. Raise maxTunnels if this many slow requests are usual.'
  return 'Check that the proxy is up and how many connections it allows, or raise connectTimeoutMs.'
}
