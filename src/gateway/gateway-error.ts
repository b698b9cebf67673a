/**
 * What Discord, or the use of the client, stands in the way with.
 *
 * | code | when |
 * | --- | --- |
 * | `ERR_GATEWAY_AUTHENTICATION` | Discord does not take the token (4004, or 401 from /gateway/bot) |
 * | `ERR_GATEWAY_INTENTS` | the intents do not exist or are not enabled for this bot (4013, 4014) |
 * | `ERR_GATEWAY_SHARDING` | the shard does not exist, or there are too few of them (4010, 4011) |
 * | `ERR_GATEWAY_VERSION` | Discord no longer serves this version of the gateway (4012) |
 * | `ERR_GATEWAY_DISCONNECTED` | Discord ended the connection; the client comes back by itself |
 * | `ERR_GATEWAY_PAYLOAD` | what arrived cannot be read, or is larger than `maxPayload` |
 * | `ERR_GATEWAY_SEND` | a payload that Discord would not take: too large, too many, not this process's shard |
 * | `ERR_GATEWAY_CLOSED` | `close()` was called, or the gateway was closed for good before |
 */
export type GatewayErrorCode =
  | 'ERR_GATEWAY_AUTHENTICATION'
  | 'ERR_GATEWAY_INTENTS'
  | 'ERR_GATEWAY_SHARDING'
  | 'ERR_GATEWAY_VERSION'
  | 'ERR_GATEWAY_DISCONNECTED'
  | 'ERR_GATEWAY_PAYLOAD'
  | 'ERR_GATEWAY_SEND'
  | 'ERR_GATEWAY_CLOSED'

/** What a {@link GatewayError} is made of. */
export interface GatewayErrorDetails {
  readonly code: GatewayErrorCode
  /** What to change, or that nothing need be. */
  readonly hint: string
  /** Discord's close code, where it sent one. */
  readonly closeCode?: number | undefined
  readonly cause?: unknown
}

/**
 * A failure that is not the transport's: the connection worked, and Discord or this client said no. Those of
 * the transport are `TransportError`s.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: GatewayErrorCode
  readonly hint: string
  readonly closeCode: number | null

  constructor(message: string, { code, hint, closeCode, cause }: GatewayErrorDetails) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.closeCode = closeCode ?? null
  }

  /** A plain record for structured logs. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, hint, closeCode } = this
    return { name, code, message, hint, closeCode }
  }
}

export function closedGateway(): GatewayError {
  return new GatewayError('The gateway is closed', {
    code: 'ERR_GATEWAY_CLOSED',
    hint: 'close() was called on it, or it failed for good: create a new one.',
  })
}
