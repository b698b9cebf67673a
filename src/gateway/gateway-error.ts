/**
 * What failed.
 *
 * | code | when |
 * | --- | --- |
 * | `ERR_GATEWAY_AUTHENTICATION` | Discord does not accept the token (4004, or 401 from /gateway/bot) |
 * | `ERR_GATEWAY_INTENTS` | the intents do not exist or are not enabled for this bot (4013, 4014) |
 * | `ERR_GATEWAY_SHARDING` | the shard does not exist, or there are too few shards (4010, 4011) |
 * | `ERR_GATEWAY_VERSION` | Discord no longer serves this version of the gateway (4012) |
 * | `ERR_GATEWAY_DISCONNECTED` | Discord closed the connection; the client reconnects by itself |
 * | `ERR_GATEWAY_PAYLOAD` | what arrived cannot be read, or is larger than `maxPayload`; the client reconnects by itself |
 * | `ERR_GATEWAY_STORE` | the session store or the identify throttler failed; the client tries again by itself |
 * | `ERR_GATEWAY_RECONNECT_LIMIT` | `maxReconnectAttempts` attempts in a row failed |
 * | `ERR_GATEWAY_SEND` | a payload that Discord would refuse: too large, too many, or not for a shard of this client |
 * | `ERR_GATEWAY_CLOSED` | `close()` was called, or the gateway failed for good before |
 */
export type GatewayErrorCode =
  | 'ERR_GATEWAY_AUTHENTICATION'
  | 'ERR_GATEWAY_INTENTS'
  | 'ERR_GATEWAY_SHARDING'
  | 'ERR_GATEWAY_VERSION'
  | 'ERR_GATEWAY_DISCONNECTED'
  | 'ERR_GATEWAY_PAYLOAD'
  | 'ERR_GATEWAY_STORE'
  | 'ERR_GATEWAY_RECONNECT_LIMIT'
  | 'ERR_GATEWAY_SEND'
  | 'ERR_GATEWAY_CLOSED'

/** After these the client reconnects by itself. */
const RETRYABLE: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  'ERR_GATEWAY_DISCONNECTED',
  'ERR_GATEWAY_PAYLOAD',
  'ERR_GATEWAY_STORE',
])

/** The fields of a {@link GatewayError}. */
export interface GatewayErrorDetails {
  readonly code: GatewayErrorCode
  /** What to change, or that nothing needs to be changed. */
  readonly hint: string
  /** Discord's close code, if it sent one. */
  readonly closeCode?: number | undefined
  readonly cause?: unknown
}

const BRAND = Symbol.for('discord-transport.GatewayError')

/**
 * A failure that does not come from the transport: the connection worked, and Discord or this client refused. The
 * failures of the transport are `TransportError`s.
 *
 * `instanceof` works across copies of this package in one process.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: GatewayErrorCode
  readonly hint: string
  readonly closeCode: number | null
  /** Whether it may pass without any change, as in `TransportError`. */
  readonly retryable: boolean

  constructor(message: string, { code, hint, closeCode, cause }: GatewayErrorDetails) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.closeCode = closeCode ?? null
    this.retryable = RETRYABLE.has(code)
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Holds across copies of this package in one process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // The brand says nothing about a subclass.
    if (this !== GatewayError) return super[Symbol.hasInstance](value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /** A plain record for structured logs. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, hint, closeCode, retryable } = this
    return { name, code, message, hint, closeCode, retryable }
  }
}

export function closedGateway(): GatewayError {
  return new GatewayError('The gateway is closed', {
    code: 'ERR_GATEWAY_CLOSED',
    hint: 'close() was called on it, or it failed for good. Create a new one.',
  })
}
