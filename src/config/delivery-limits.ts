import * as z from 'zod'
import { milliseconds, wholeNumber } from './whole-number.js'

/** How far failed requests are repeated. Each may be left out. */
export interface DeliveryOptions {
  /** The most attempts of one request, the first included: 1 to 100. Default: 4. */
  readonly attempts?: number | undefined
  /**
   * Milliseconds for all attempts and the waits between them: 0 to 600 000. No attempt is begun that would end
   * behind it if it took as long as the last one. Default: 15 000, when discord.js and Carbon give up as well.
   */
  readonly budgetMs?: number | undefined
  /** Milliseconds that are waited at least before an attempt is repeated: 0 to 600 000. Default: 250. */
  readonly minDelayMs?: number | undefined
  /**
   * Milliseconds that are waited at most, except where Retry-After asks for more: 0 to 600 000, and not less
   * than `minDelayMs`. Default: 4 000.
   */
  readonly maxDelayMs?: number | undefined
  /**
   * Milliseconds without a beginning of the answer after which a request that can be repeated is repeated:
   * 1 to 600 000. It counts from the moment the request was sent, and not for the last attempt that the other
   * limits allow, nor for uploads of files. Default: 6 000.
   */
  readonly answerTimeoutMs?: number | undefined
}

/** {@link DeliveryOptions} with the defaults set. */
export type DeliveryLimits = { readonly [Name in keyof DeliveryOptions]-?: number }

const DEFAULTS: DeliveryLimits = {
  attempts: 4,
  budgetMs: 15_000,
  minDelayMs: 250,
  maxDelayMs: 4_000,
  answerTimeoutMs: 6_000,
}

const upToTenMinutes = (least: number) => milliseconds(least, 600_000).optional()

const EXPECTED = 'must be true, false or an object such as { attempts: 4, budgetMs: 15000 }'

/** The one definition of the limits. */
export const limitsSchema = z
  .strictObject(
    {
      attempts: wholeNumber(1, 100).optional(),
      budgetMs: upToTenMinutes(0),
      minDelayMs: upToTenMinutes(0),
      maxDelayMs: upToTenMinutes(0),
      answerTimeoutMs: upToTenMinutes(1),
    },
    { error: EXPECTED },
  )
  .refine(({ minDelayMs, maxDelayMs }) => maxDelayMs === undefined || (minDelayMs ?? 0) <= maxDelayMs, {
    path: ['maxDelayMs'],
    error: 'must not be less than minDelayMs',
  })

/** The names of the limits. */
export const LIMIT_NAMES: readonly string[] = Object.keys(limitsSchema.shape)

/** The schema of the `delivery` option: off, on, or on with limits. */
export const deliverySchema = z
  .custom<boolean | DeliveryOptions>(
    (value) =>
      typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
    { error: EXPECTED },
  )
  .transform((value, ctx): DeliveryLimits | false => {
    if (typeof value === 'boolean') return value && deliveryLimits()
    const checked = limitsSchema.safeParse(value)
    if (checked.success) return deliveryLimits(checked.data)
    for (const issue of checked.error.issues) ctx.addIssue({ ...issue })
    return z.NEVER
  })

/** Sets the defaults; one limit alone moves the default of its partner, so that they do not contradict. */
export function deliveryLimits(options: DeliveryOptions = {}): DeliveryLimits {
  const maxDelayMs = options.maxDelayMs ?? Math.max(DEFAULTS.maxDelayMs, options.minDelayMs ?? 0)
  return Object.freeze({
    attempts: options.attempts ?? DEFAULTS.attempts,
    budgetMs: options.budgetMs ?? DEFAULTS.budgetMs,
    minDelayMs: options.minDelayMs ?? Math.min(DEFAULTS.minDelayMs, maxDelayMs),
    maxDelayMs,
    answerTimeoutMs: options.answerTimeoutMs ?? DEFAULTS.answerTimeoutMs,
  })
}
