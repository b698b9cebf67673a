import { deliveryLimits, type DeliveryOptions } from '../../../src/config/index.js'
import { TransportError } from '../../../src/index.js'
import type { DeliveryClock } from '../../../src/rest/delivery/clock.js'
import { deliver, type DeliveryContext, type SendAttempt } from '../../../src/rest/delivery/delivery.js'
import type { TransportFetch } from '../../../src/rest/index.js'
import type { OutgoingRequest } from '../../../src/rest/request/request.js'

/** A clock on which only waits and scripted attempts take time, and none of it is real. */
export class InstantClock implements DeliveryClock {
  readonly waits: number[] = []
  time = 1_000
  /** Called at the beginning of each wait. */
  onWait: (() => void) | undefined

  now(): number {
    return this.time
  }

  random(): number {
    return 0.5
  }

  async wait(ms: number, signals: readonly AbortSignal[]): Promise<void> {
    this.waits.push(ms)
    this.onWait?.()
    for (const signal of signals) signal.throwIfAborted()
    this.time += ms
    return Promise.resolve()
  }
}

/** What becomes of one attempt: a status, a Response, an error; or a function that says so. */
export type Step = number | Response | Error | ((clock: InstantClock) => number | Response | Error)

export interface Sent {
  readonly request: OutgoingRequest
  /** The body's text; undefined without a body, and for one that is not in memory. */
  readonly text: string | undefined
  /** Whether it went with a limit on the wait for its answer. */
  readonly impatient: boolean
}

export interface Scripted {
  readonly fetch: TransportFetch
  readonly clock: InstantClock
  readonly sent: readonly Sent[]
}

/** Delivery over attempts that end as the script says; the last step is repeated. */
export function scripted(
  steps: readonly Step[],
  options: DeliveryOptions = {},
  context: Pick<DeliveryContext, 'closing' | 'connectTimeoutMs' | 'onProxyReturn'> = {},
): Scripted {
  const clock = new InstantClock()
  const sent: Sent[] = []
  const send: SendAttempt = (request, answerTimeoutMs) => {
    const step = steps[Math.min(sent.length, steps.length - 1)] ?? 200
    sent.push({ request, text: textOf(request.body), impatient: answerTimeoutMs !== undefined })
    const end = typeof step === 'function' ? step(clock) : step
    if (end instanceof Error) return Promise.reject(end)
    return Promise.resolve(typeof end === 'number' ? new Response(null, { status: end }) : end)
  }
  return { fetch: deliver(send, deliveryLimits(options), { ...context, clock }), clock, sent }
}

function textOf(body: OutgoingRequest['body']): string | undefined {
  const bytes = body?.small === true ? body.open() : undefined
  return Buffer.isBuffer(bytes) ? bytes.toString() : undefined
}

export const MESSAGES = 'https://discord.com/api/v10/channels/1234567890123456789/messages'
export const WEBHOOK = 'https://discord.com/api/v10/webhooks/1234567890123456789/token'

const HOP = { proxy: 'http://proxy:1', target: 'discord.com:443' }

/** No tunnel: nothing was sent. */
export function unreachable(target = HOP.target): TransportError {
  return new TransportError('No connection to the proxy http://proxy:1 (ECONNREFUSED)', {
    ...HOP,
    target,
    code: 'ERR_PROXY_UNREACHABLE',
    phase: 'proxy-connect',
    hint: 'Check that the proxy runs.',
    retryable: true,
  })
}

/** The tunnel broke in the middle of the exchange. */
export function lost(): TransportError {
  return new TransportError(
    'The connection to discord.com:443 was lost before the answer was complete (ECONNRESET)',
    {
      ...HOP,
      code: 'ERR_CONNECTION_LOST',
      phase: 'exchange',
      hint: 'The request may have been carried out: check before repeating it.',
      retryable: false,
      cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    },
  )
}

/** The tunnel stands, and no answer comes. */
export function late(): TransportError {
  return new TransportError('discord.com:443 did not answer in time', {
    ...HOP,
    code: 'ERR_TARGET_TIMEOUT',
    phase: 'exchange',
    hint: 'The tunnel is up, but the answer does not come.',
    retryable: false,
  })
}

export function closed(): TransportError {
  return new TransportError('The transport is closed', {
    code: 'ERR_TRANSPORT_CLOSED',
    phase: 'exchange',
    hint: 'close() was called on this transport: create a new one.',
    retryable: false,
  })
}
