import { configError } from '../errors.js'

/**
 * Timers of Node take a wrong number for one millisecond.
 *
 * @throws TransportError ERR_PROXY_CONFIG
 */
export function checkTimeoutMs(timeoutMs: number): void {
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= 600_000) return
  throw configError(
    'timeoutMs',
    'must be a whole number of milliseconds from 1 to 600000',
    'Leave it out for the default.',
  )
}
