import * as z from 'zod'

type Unit = 'milliseconds' | 'bytes'

/** What is said of a value that is no such number: how many of which unit, when it has one. */
export function expectedWholeNumber(least: number, most: number, unit?: Unit): string {
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`
  return `must be a whole number ${unit === undefined ? '' : `of ${unit} `}${range}`
}

/** A whole number, every violation of which has the same message. */
export function wholeNumber(least: number, most = Infinity, unit?: Unit): z.ZodInt {
  const error = expectedWholeNumber(least, most, unit)
  return z.int({ error }).min(least, { error }).max(most, { error })
}

export function milliseconds(least: number, most: number): z.ZodInt {
  return wholeNumber(least, most, 'milliseconds')
}
