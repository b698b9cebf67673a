import { systemCode, TransportError, type TransportErrorCode, type TransportPhase } from '../errors.js'
import { render, type MessageKey, type Text, type ValueNames } from '../messages/index.js'

/** The proxy and the destination of a connection, as errors and events show them. */
export interface Via {
  /** The proxy's redacted URL; null on a direct route. */
  readonly proxy: string | null
  /** `host:port`. */
  readonly target: string
}

/** One kind of failure. Its texts can name `{proxy}` and `{target}`, and the values that {@link failure} is given. */
export interface Fault<Key extends MessageKey = MessageKey> {
  readonly code: TransportErrorCode
  readonly phase: TransportPhase
  readonly message: Key
  readonly hint: Key
  readonly retryable: boolean
}

/** The codes of failures that can be gone at the next try, without a change of configuration. */
const TRANSIENT: ReadonlySet<TransportErrorCode> = new Set([
  'ERR_PROXY_UNREACHABLE',
  'ERR_PROXY_TIMEOUT',
  'ERR_TARGET_UNREACHABLE',
  'ERR_TARGET_TIMEOUT',
])

type HintOf<Key extends MessageKey> = Extract<`${Key}.hint`, MessageKey>
/** The messages that have a hint of their own: of the same key with `.hint` behind it. */
type Hinted = { [Key in MessageKey]: [HintOf<Key>] extends [never] ? never : Key }[MessageKey]

/**
 * A row in a table of failures. Its code decides whether it is retryable.
 *
 * @param hint default: the one of the same key as the message
 */
export function fault<Key extends Hinted>(
  ...row: [code: TransportErrorCode, phase: TransportPhase, message: Key]
): Fault<Key | HintOf<Key>>
export function fault<Key extends MessageKey>(
  ...row: [code: TransportErrorCode, phase: TransportPhase, message: Key, hint: Key]
): Fault<Key>
export function fault(
  code: TransportErrorCode,
  phase: TransportPhase,
  message: MessageKey,
  hint = `${message}.hint` as MessageKey,
): Fault {
  return { code, phase, message, hint, retryable: TRANSIENT.has(code) }
}

/** Whether a table of failures, or of hints, has a row for this status or reply. */
export function hasRow<Table extends object>(table: Table, row: number): row is keyof Table & number {
  return row in table
}

/** The values that the texts of a fault need beside the names of the proxy and the target. */
type ValuesOf<Key extends MessageKey> = Readonly<Record<Exclude<ValueNames<Key>, keyof Via>, string | number>>

interface Particulars {
  /** A system or TLS error. Its text and its code stand in the message, where logs and retry logic look for them. */
  readonly cause?: Error | undefined
  /** In place of the fault's own. */
  readonly hint?: Text
  /** In place of the fault's own. */
  readonly retryable?: boolean
}

/** The error for a fault at one proxy and target. */
export function failure<Key extends MessageKey>(
  { code, phase, message, hint, retryable }: Fault<Key>,
  via: Via,
  values: ValuesOf<Key>,
  particulars: Particulars = {},
): TransportError {
  const { cause } = particulars
  const shown = { proxy: via.proxy ?? '', target: via.target, ...values }
  const reason = cause === undefined ? '' : `: ${describe(cause)}`
  return new TransportError(`${render({ key: message, values: shown })}${reason}`, {
    ...via,
    code,
    phase,
    hint: { key: hint, values: shown },
    retryable,
    ...particulars,
  })
}

/**
 * The message of an AggregateError (several addresses were tried) is empty, and its members have the reasons. OpenSSL's
 * message has addresses and source lines around its reason.
 */
function describe(error: Error): string {
  const code = systemCode(error)
  const text =
    error instanceof AggregateError
      ? error.errors.map(String).join('; ')
      : (opensslReason(error) ?? error.message)
  if (code === undefined || text.includes(code)) return text
  return text === '' ? code : `${text} (${code})`
}

/** The fourth part of the message. Only some of OpenSSL's errors have it as a field too. */
function opensslReason(error: Error): string | undefined {
  return /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message)?.[1]
}
