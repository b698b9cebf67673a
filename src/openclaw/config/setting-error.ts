import { TransportError, type TransportErrorCode } from '../../errors.js'
import type { Text } from '../../messages/index.js'

/** Something that the configuration holds: its place, what is wrong there, and what to do. Holds no value. */
export function settingError(
  place: string,
  what: string,
  hint: string | Text,
  code: TransportErrorCode = 'ERR_INVALID_OPTIONS',
): TransportError {
  return new TransportError(`${place}: ${what}`, { code, phase: 'config', hint, retryable: false })
}
