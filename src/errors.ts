import { render, type Audience, type PlainKey, type Text } from './messages/index.js'

/**
 * What went wrong, as one word.
 *
 * | code | when |
 * | --- | --- |
 * | `ERR_PROXY_CONFIG` | an option, an environment variable or a PAC script holds something unusable |
 * | `ERR_INVALID_OPTIONS` | an option of something built on a transport (`createGateway`) is missing or unusable |
 * | `ERR_UPLOAD_TOO_LARGE` | a file is larger than the option `maxFileBytes` allows |
 * | `ERR_PROXY_UNREACHABLE` | no TCP connection to the proxy, or it broke before the proxy answered |
 * | `ERR_PROXY_TIMEOUT` | the proxy did not give a tunnel within `connectTimeoutMs` |
 * | `ERR_PROXY_TLS` | TLS to an `https://` proxy failed |
 * | `ERR_PROXY_AUTH` | the proxy wants other credentials (407, RFC 1929 failure) |
 * | `ERR_PROXY_DENIED` | the proxy's policy refused the destination (403, SOCKS reply 2) |
 * | `ERR_PROXY_PROTOCOL` | what answered does not speak the scheme in the URL |
 * | `ERR_TARGET_UNREACHABLE` | the proxy (or, on a direct route, this host) could not reach the destination |
 * | `ERR_TARGET_TLS` | TLS to the destination failed |
 * | `ERR_TARGET_TIMEOUT` | the destination did not answer in time, although the proxy did |
 * | `ERR_CONNECTION_LOST` | a working connection broke in the middle of an exchange |
 * | `ERR_TRANSPORT_CLOSED` | `transport.close()` was called |
 * | `ERR_ALREADY_INSTALLED` | `install()` was called while another installation is active |
 * | `ERR_ROUTE_REFUSED` | an installation refuses a connection that it may not, or cannot, lead through the proxy |
 */
export type TransportErrorCode =
  | 'ERR_PROXY_CONFIG'
  | 'ERR_INVALID_OPTIONS'
  | 'ERR_UPLOAD_TOO_LARGE'
  | 'ERR_PROXY_UNREACHABLE'
  | 'ERR_PROXY_TIMEOUT'
  | 'ERR_PROXY_TLS'
  | 'ERR_PROXY_AUTH'
  | 'ERR_PROXY_DENIED'
  | 'ERR_PROXY_PROTOCOL'
  | 'ERR_TARGET_UNREACHABLE'
  | 'ERR_TARGET_TLS'
  | 'ERR_TARGET_TIMEOUT'
  | 'ERR_CONNECTION_LOST'
  | 'ERR_TRANSPORT_CLOSED'
  | 'ERR_ALREADY_INSTALLED'
  | 'ERR_ROUTE_REFUSED'

/**
 * The step that failed, in the order in which a request passes them: configuration, the PAC script,
 * the proxy's name, TCP to the proxy, TLS to the proxy, authentication, the tunnel request, the
 * destination's name and TCP (only where this host does them itself), TLS to the destination, and the
 * exchange over the finished connection.
 */
export type TransportPhase =
  | 'config'
  | 'pac'
  | 'proxy-dns'
  | 'proxy-connect'
  | 'proxy-tls'
  | 'proxy-auth'
  | 'tunnel'
  | 'target-dns'
  | 'target-connect'
  | 'target-tls'
  | 'exchange'

/** What a {@link TransportError} is made of. */
export interface TransportErrorDetails {
  readonly code: TransportErrorCode
  readonly phase: TransportPhase
  /** The proxy's URL, already redacted; null on a direct route. */
  readonly proxy?: string | null
  /** `host:port` of the destination, where one is known. */
  readonly target?: string | null
  /** What to try next. A text of the catalogue can also be shown in the words of the command. */
  readonly hint: string | Text
  /** Whether the same call may work later without any change of configuration. */
  readonly retryable: boolean
  /** Default: `'maybe'` in the phase `exchange`, `'no'` in every phase before it. */
  readonly sent?: 'no' | 'maybe'
  /** What failed at each proxy of a list, in order of preference. Default: none. */
  readonly failures?: readonly TransportError[]
  readonly cause?: unknown
}

/** The hints that another audience reads in other words. */
const HINTS = new WeakMap<TransportError, Text>()

const BRAND = Symbol.for('discord-transport.TransportError')

/**
 * Every failure of this library. The message says what failed and where, `hint` what to try. It never
 * holds a credential: `proxy` is redacted, and `cause` is a system, TLS or protocol error without any.
 *
 * `instanceof` holds across copies of this package in one process.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode
  readonly phase: TransportPhase
  readonly proxy: string | null
  readonly target: string | null
  readonly hint: string
  readonly retryable: boolean
  /**
   * Whether the destination may have the request. `'no'` is certain: it failed before its first byte was
   * written. `'maybe'`: it may have been carried out, in part or as a whole.
   */
  readonly sent: 'no' | 'maybe'
  /**
   * Where several proxies were tried: what failed at each of them, in order of preference. The other fields are then
   * those of the first, and `retryable` holds if it holds for any. Empty otherwise.
   */
  readonly failures: readonly TransportError[]

  constructor(message: string, details: TransportErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.phase = details.phase
    this.proxy = details.proxy ?? null
    this.target = details.target ?? null
    const { hint } = details
    this.hint = typeof hint === 'string' ? hint : render(hint)
    if (typeof hint !== 'string') HINTS.set(this, hint)
    this.retryable = details.retryable
    this.sent = details.sent ?? (details.phase === 'exchange' ? 'maybe' : 'no')
    this.failures = Object.freeze([...(details.failures ?? [])])
    Object.defineProperty(this, BRAND, { value: true })
  }

  static {
    // A bundler may give the class another name, which Node shows in the stack of a logged error.
    Object.defineProperty(this, 'name', { value: 'TransportError' })
  }

  /** Holds across copies of this package in one process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // The brand says nothing about a subclass.
    if (this !== TransportError) return super[Symbol.hasInstance](value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /** A plain record for structured logs: every field, and the cause's name, code and message. */
  toJSON(): Record<string, unknown> {
    const { name, code, phase, message, proxy, target, hint, retryable, sent, failures } = this
    const cause = describeCause(this.cause)
    const told = { name, code, phase, message, proxy, target, hint, retryable, sent, cause }
    return failures.length === 0 ? told : { ...told, failures: failures.map((failure) => failure.toJSON()) }
  }
}

/** The error's hint, for another error that takes it over. */
export function hintOf(error: TransportError): string | Text {
  return HINTS.get(error) ?? error.hint
}

/** The error's hint in the words of an audience. */
export function hintFor(error: TransportError, audience: Audience): string {
  const hint = hintOf(error)
  return typeof hint === 'string' ? hint : render(hint, audience)
}

/**
 * The same failure with other particulars, such as that of a request of which more, or less, was sent than of the one
 * that it was named for.
 */
export function failureOf(
  error: TransportError,
  changes: Partial<Pick<TransportError, 'message' | 'hint' | 'sent' | 'retryable' | 'failures'>>,
): TransportError {
  const { message, code, phase, proxy, target, retryable, sent, failures, cause } = error
  return new TransportError(changes.message ?? message, {
    ...{ code, phase, proxy, target, retryable, sent, failures, cause },
    hint: hintOf(error),
    ...changes,
  })
}

function describeCause(cause: unknown): Record<string, unknown> | undefined {
  if (!(cause instanceof Error)) return undefined
  return { name: cause.name, code: systemCode(cause), message: cause.message }
}

/** What was thrown, as an Error. */
export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value))
}

/** The `code` of a system, TLS or library error (`ECONNREFUSED`, `ERR_TLS_…`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** An `ERR_PROXY_CONFIG`: names the option or variable, says what was expected, never repeats the value. */
export function configError(field: string, expected: string, hint: string, cause?: unknown): TransportError {
  return new TransportError(`${field}: ${expected}`, {
    code: 'ERR_PROXY_CONFIG',
    phase: 'config',
    hint,
    retryable: false,
    cause,
  })
}

/** A {@link configError} in the words of the catalogue; several hints become one. */
export function unusable(field: string, expected: PlainKey, ...hints: readonly PlainKey[]): TransportError {
  const [what = '', ...tries] = [expected, ...hints].map((key) => render({ key, values: {} }))
  return configError(field, what, tries.join(' '))
}
