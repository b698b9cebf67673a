import { concealSecrets } from './wire/secrets.js'

/**
 * What failed. Codes without `ERR_` are the gateway's own: nearly every refusal of a gateway is `INVALID_REQUEST`, and
 * `detailCode` says which. Codes with it are this client's.
 *
 * | code | when |
 * | --- | --- |
 * | `INVALID_REQUEST` | the gateway refuses the request or the handshake: see `detailCode` |
 * | `NOT_PAIRED` | the device has to be approved, or a device is required |
 * | `FORBIDDEN` | the connection lacks a scope for the method |
 * | `UNAVAILABLE` | the gateway is starting, restarting, suspending or busy |
 * | `APPROVAL_NOT_FOUND` | the approval is unknown or was answered before |
 * | `ERR_OPENCLAW_SCOPES` | the gateway accepted the connection without scopes that were asked for |
 * | `ERR_OPENCLAW_CLOSED` | `connect()` was not called, or `disconnect()` was |
 * | `ERR_OPENCLAW_CONNECTION_LOST` | the connection ended; `sent` says whether the request may have run |
 * | `ERR_OPENCLAW_TIMEOUT` | no answer in time; `sent` says whether the request may have run |
 * | `ERR_OPENCLAW_FRAME_TOO_LARGE` | the request is larger than the gateway takes; it was not sent |
 * | `ERR_OPENCLAW_QUEUE_FULL` | too many requests wait for a connection; this one was not sent |
 * | `ERR_OPENCLAW_PROTOCOL` | what answered is not an OpenClaw gateway, or sent what cannot be read |
 * | `ERR_OPENCLAW_FINGERPRINT` | the certificate is not the one of `tlsFingerprint` |
 * | `ERR_OPENCLAW_DEVICE` | the device key or its file cannot be used |
 * | `ERR_OPENCLAW_RUN` | the run that was waited for failed, was stopped, or has no answer |
 * | `ERR_OPENCLAW_STREAM` | a stream was read more slowly than its events came |
 */
export type OpenClawErrorCode =
  | 'INVALID_REQUEST'
  | 'NOT_PAIRED'
  | 'FORBIDDEN'
  | 'UNAVAILABLE'
  | 'APPROVAL_NOT_FOUND'
  | 'ERR_OPENCLAW_SCOPES'
  | 'ERR_OPENCLAW_CLOSED'
  | 'ERR_OPENCLAW_CONNECTION_LOST'
  | 'ERR_OPENCLAW_TIMEOUT'
  | 'ERR_OPENCLAW_FRAME_TOO_LARGE'
  | 'ERR_OPENCLAW_QUEUE_FULL'
  | 'ERR_OPENCLAW_PROTOCOL'
  | 'ERR_OPENCLAW_FINGERPRINT'
  | 'ERR_OPENCLAW_DEVICE'
  | 'ERR_OPENCLAW_RUN'
  | 'ERR_OPENCLAW_STREAM'
  // A newer gateway may have more.
  | (string & {})

/** The fields of an {@link OpenClawError}. */
export interface OpenClawErrorDetails {
  readonly code: OpenClawErrorCode
  /** What to do next. */
  readonly hint: string
  /** `details.code` of the gateway's answer, such as `AUTH_TOKEN_MISMATCH`. */
  readonly detailCode?: string | null | undefined
  /** `details.reason` of the gateway's answer, such as `scope-upgrade`. */
  readonly reason?: string | null | undefined
  /** Whether the same may work later without any change. Default: false. */
  readonly retryable?: boolean | undefined
  /** Milliseconds after which the gateway wants to be asked again. */
  readonly retryAfterMs?: number | null | undefined
  /** Default: `'no'`. */
  readonly sent?: 'no' | 'maybe' | undefined
  readonly method?: string | null | undefined
  readonly closeCode?: number | null | undefined
  /** `details` of the gateway's answer. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

const BRAND = Symbol.for('discord-transport.OpenClawError')

/**
 * A failure of the control plane: the gateway refused, or the connection to it ended. A failure on the way to the
 * gateway (a proxy, TCP, TLS) is a `TransportError`.
 *
 * `instanceof` works across copies of this package in one process. No field holds a secret.
 */
export class OpenClawError extends Error {
  override readonly name = 'OpenClawError'
  readonly code: OpenClawErrorCode
  readonly detailCode: string | null
  readonly reason: string | null
  readonly hint: string
  readonly retryable: boolean
  readonly retryAfterMs: number | null
  /**
   * Whether the gateway may have carried the request out. `'no'` is certain: it was refused, or its first byte was
   * never written.
   */
  readonly sent: 'no' | 'maybe'
  /** The method of the request that failed; null where the connection itself failed. */
  readonly method: string | null
  readonly closeCode: number | null
  /** What the gateway said beyond its message, such as `requestId` and `requiredScopes`. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, details: OpenClawErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.detailCode = details.detailCode ?? null
    this.reason = details.reason ?? null
    this.hint = details.hint
    this.retryable = details.retryable ?? false
    this.retryAfterMs = details.retryAfterMs ?? null
    this.sent = details.sent ?? 'no'
    this.method = details.method ?? null
    this.closeCode = details.closeCode ?? null
    this.details = concealSecrets(details.details ?? {})
    Object.defineProperty(this, BRAND, { value: true })
  }

  static {
    // A bundler may give the class another name, which Node shows in the stack of a logged error.
    Object.defineProperty(this, 'name', { value: 'OpenClawError' })
  }

  /** Holds across copies of this package in one process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // The brand says nothing about a subclass.
    if (this !== OpenClawError) return super[Symbol.hasInstance](value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /** A plain record for structured logs, without `cause`: it may be an error of any library. */
  toJSON(): Record<string, unknown> {
    const { name, code, detailCode, reason, message, hint, retryable, retryAfterMs } = this
    const { sent, method, closeCode, details } = this
    return {
      name,
      code,
      detailCode,
      reason,
      message,
      hint,
      retryable,
      retryAfterMs,
      sent,
      method,
      closeCode,
      details,
    }
  }
}

/** The client is not open: `connect()` was not called, or `disconnect()` was. */
export function closedClient(called: boolean): OpenClawError {
  return new OpenClawError(
    called ? 'The OpenClaw client was disconnected' : 'The OpenClaw client is not connected',
    {
      code: 'ERR_OPENCLAW_CLOSED',
      hint: called ? 'disconnect() was called. Call connect() again.' : 'Call connect() first.',
      retryable: false,
    },
  )
}
