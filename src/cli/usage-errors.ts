import { hintFor, TransportError } from '../errors.js'
import { UsageError } from './exit-codes.js'

/**
 * Runs a function of the library that checks options.
 *
 * @throws UsageError for a TransportError, with the flags in place of the options
 */
export function asUsageErrors<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    throw new UsageError(`${flagNames(error.message)}\n${flagNames(hintFor(error, 'command'))}`)
  }
}

/** Messages name the options of the library. */
function flagNames(text: string): string {
  return text
    .replace(/\bproxyTls\.caFile\b/g, '--proxy-ca-file')
    .replace(/\btls\.caFile\b/g, '--tls-ca-file')
    .replace(/\bproxy: /g, '--proxy-url: ')
    .replace(/^(also|except): /, '--$1: ')
}
