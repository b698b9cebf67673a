import { GatewayError } from './gateway-error.js'

/** https://discord.com/developers/docs/events/gateway#sending-events: a larger one is answered with 4002. */
const MAX_SEND_BYTES = 4096

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

export function unsendable(message: string, hint: string, cause?: unknown): GatewayError {
  return new GatewayError(message, { code: 'ERR_GATEWAY_SEND', hint, cause })
}

function stringify(payload: { readonly op: number; readonly d: unknown }): string {
  try {
    return JSON.stringify(payload)
  } catch (error) {
    throw unsendable('The payload has no JSON', 'It may hold no bigint and no cycle.', error)
  }
}
