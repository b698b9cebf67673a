import { Opcode } from '../discord/opcodes.js'
import { SendQueue } from '../reconnect/send-queue.js'
import { GatewayError } from './gateway-error.js'

/** https://discord.com/developers/docs/events/gateway#sending-events: a larger one is answered with 4002. */
const MAX_SEND_BYTES = 4096
/** https://discord.com/developers/docs/events/gateway#rate-limiting: 120 in 60 seconds for each connection. */
const SENDS_PER_WINDOW = 120
/** Discord counts when they arrive: some may be delayed on the way, and those after them not. */
const WINDOW_MS = 60_000 + 1_000
/** For Identify or Resume, and for heartbeats that Discord asks for. */
const RESERVE = 3

/**
 * The text of a payload.
 *
 * @throws GatewayError ERR_GATEWAY_SEND for one that Discord would close the connection for
 */
export function encodePayload(op: number, d: unknown): string {
  const text = stringify({ op, d })
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_SEND_BYTES)
    throw unsendable(
      `The payload has ${bytes} bytes and Discord takes ${MAX_SEND_BYTES}`,
      'Send less at a time.',
    )
  return text
}

/** Of several payloads that wait with the same key only the latest is sent. */
export function replacedBy(op: number): string | undefined {
  return op === Opcode.PresenceUpdate ? 'presence' : undefined
}

/** The payloads of one shard that wait to be sent. */
export function createSendQueue(maxQueuedSends: number): SendQueue {
  return new SendQueue({
    maxQueued: maxQueuedSends,
    windowMs: WINDOW_MS,
    full: () =>
      unsendable(
        `${maxQueuedSends} payloads already wait to be sent on this shard`,
        'Discord takes 120 in a minute. Send fewer, await each, or raise maxQueuedSends.',
      ),
  })
}

/** What the rate limit leaves for the user, beside the heartbeats. */
export function sendsPerWindow(heartbeatIntervalMs: number): number {
  return SENDS_PER_WINDOW - RESERVE - Math.ceil(WINDOW_MS / heartbeatIntervalMs)
}

export function unsendable(message: string, hint: string, cause?: unknown): GatewayError {
  return new GatewayError(message, { code: 'ERR_GATEWAY_SEND', hint, cause })
}

function stringify(payload: { readonly op: number; readonly d: unknown }): string {
  try {
    return JSON.stringify(payload)
  } catch (error) {
    throw unsendable(
      'The payload cannot be written as JSON',
      'It must not contain a bigint or a cycle.',
      error,
    )
  }
}
