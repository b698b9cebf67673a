import * as z from 'zod'
import { expectedWholeNumber } from './ranges.js'

type Unit = 'milliseconds' | 'bytes'

/** A whole number, every violation of which has the same message. */
export function wholeNumber(least: number, most = Infinity, unit?: Unit): z.ZodInt {
  const error = expectedWholeNumber(least, most, unit)
  return z.int({ error }).min(least, { error }).max(most, { error })
}

export function milliseconds(least: number, most: number): z.ZodInt {
  return wholeNumber(least, most, 'milliseconds')
}
