import { say } from '../messages/index.js'

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
  const range = most === Infinity ? say('config.at-least', { least }) : say('config.between', { least, most })
  return unit === undefined
    ? say('config.whole-number', { range })
    : say(`config.whole-number.${unit}`, { range })
}
