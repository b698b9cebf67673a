/** The least and the most of each option that is a number. */
export const RANGES = {
  /** Milliseconds. */
  connectTimeoutMs: [1, 600_000],
  /** Milliseconds. */
  keepAliveMs: [0, 3_600_000],
  maxTunnels: [1, Infinity],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number]>>

/** What is said of a value that is no such number: how many of which unit, when it has one. */
export function expectedWholeNumber(least: number, most: number, unit?: 'milliseconds' | 'bytes'): string {
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`
  return `must be a whole number ${unit === undefined ? '' : `of ${unit} `}${range}`
}
