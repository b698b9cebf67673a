import type { Environment } from '../../config/index.js'
import type { Problem } from '../../config/problems.js'
import { expectedWholeNumber } from '../../config/ranges.js'
import { milliseconds } from '../../config/whole-number.js'

const MAX_TIMEOUT_MS = 120_000

/** The variable and the default of each timeout. */
const TIMEOUTS = {
  gatewayInfoTimeoutMs: ['OPENCLAW_DISCORD_GATEWAY_INFO_TIMEOUT_MS', 30_000],
  gatewayReadyTimeoutMs: ['OPENCLAW_DISCORD_READY_TIMEOUT_MS', 15_000],
  gatewayRuntimeReadyTimeoutMs: ['OPENCLAW_DISCORD_RUNTIME_READY_TIMEOUT_MS', 30_000],
} as const

type TimeoutName = keyof typeof TIMEOUTS

/** Milliseconds each. */
export type Timeouts = Readonly<Record<TimeoutName, number>>

/** One timeout as an option. */
export const timeoutSchema = milliseconds(1, MAX_TIMEOUT_MS).optional()

/**
 * Each timeout: the option, else its variable, else its default.
 *
 * @param problems gets one entry for each variable that holds anything else
 */
export function resolveTimeouts(
  given: Readonly<Partial<Record<TimeoutName, number | undefined>>>,
  env: Environment,
  problems: Problem[],
): Timeouts {
  const timeout = (name: TimeoutName): number => {
    const [variable, standard] = TIMEOUTS[name]
    if (given[name] !== undefined) return given[name]
    const value: unknown = env[variable] ?? ''
    const digits = typeof value === 'string' ? value.trim() : 'not a string'
    if (digits === '') return standard
    const { data } = timeoutSchema.safeParse(/^\d+$/.test(digits) ? Number(digits) : null)
    if (data !== undefined) return data
    problems.push({
      text: `${variable}: ${expectedWholeNumber(1, MAX_TIMEOUT_MS, 'milliseconds')}`,
      hint: `Correct or unset ${variable}.`,
    })
    return standard
  }
  return {
    gatewayInfoTimeoutMs: timeout('gatewayInfoTimeoutMs'),
    gatewayReadyTimeoutMs: timeout('gatewayReadyTimeoutMs'),
    gatewayRuntimeReadyTimeoutMs: timeout('gatewayRuntimeReadyTimeoutMs'),
  }
}
