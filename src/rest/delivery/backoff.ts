import type { DeliveryLimits } from '../../config/index.js'

/**
 * Milliseconds to wait after the attempt with this number, counted from 1: a random time between the least
 * and twice, four times, eight times it. Random over all of the range, so that what failed together does not
 * come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/); with a
 * floor, so that Discord has finished a message before it is asked for its nonce again.
 */
export function backoff(
  attempt: number,
  { minDelayMs, maxDelayMs }: Pick<DeliveryLimits, 'minDelayMs' | 'maxDelayMs'>,
  random: number,
): number {
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** attempt)
  return minDelayMs + random * (ceiling - minDelayMs)
}

/** RFC 9110 §10.2.3: seconds, or a date. Milliseconds from now; 0 for neither. */
export function retryAfterMs(value: string | null, now = Date.now()): number {
  if (value === null) return 0
  // Discord writes fractions too.
  const ms = /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}
