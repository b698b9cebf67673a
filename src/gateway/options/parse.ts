import type * as z from 'zod'
import type { Environment } from '../../config/index.js'
import { describeIssue, problemsError, type Problem } from '../../config/problems.js'
import { optionsSchema } from './schema.js'
import { resolveTimeouts, type Timeouts } from './timeouts.js'

/** The options of a gateway client after the checks, with the defaults. */
export type ResolvedGatewayOptions = Readonly<Omit<z.output<typeof optionsSchema>, keyof Timeouts> & Timeouts>

const HINT = 'GatewayClientOptions documents each option with its unit and default.'

/**
 * Checks the options of a gateway client and sets the defaults.
 *
 * @throws TransportError `ERR_INVALID_OPTIONS`: one error that names each bad option and variable and says what was
 *   expected. It repeats no value
 */
export function parseGatewayOptions(input: unknown, env: Environment): ResolvedGatewayOptions {
  const { data, error } = optionsSchema.safeParse(input)
  const texts = (error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, namesAt))
    .map(({ text }) => text)
  const problems: Problem[] = [...new Set(texts)].map((text) => ({ text, hint: HINT }))
  if (data?.session !== undefined && data.sessionStore !== undefined)
    problems.push({ text: 'session: cannot be given together with sessionStore', hint: HINT })
  for (const text of fleetProblems(data)) problems.push({ text, hint: HINT })
  const timeouts = resolveTimeouts(data ?? {}, env, problems)
  if (data === undefined || problems.length > 0) throw problemsError(problems, 'ERR_INVALID_OPTIONS')
  const { sessionStore = data.fleet?.sessionStore } = data
  const { identifyThrottler = data.fleet?.identifyThrottler } = data
  return { ...data, ...timeouts, sessionStore, identifyThrottler }
}

/** What a fleet decides itself. */
function fleetProblems(data: z.output<typeof optionsSchema> | undefined): readonly string[] {
  if (data?.fleet === undefined) return []
  const given = (['session', 'sessionStore', 'identifyThrottler'] as const).filter(
    (name) => data[name] !== undefined,
  )
  const texts = given.map((name) => `${name}: cannot be given together with fleet`)
  const { shards } = data
  if (shards !== 'auto' && shards.ids.length !== shards.total)
    texts.push("shards: must be a number or 'auto' with a fleet, which divides them")
  return texts
}

/** For "did you mean". */
function namesAt(path: readonly PropertyKey[]): readonly string[] {
  const { shape } = optionsSchema
  return Object.keys(path.length === 0 ? shape : shape.properties.unwrap().shape)
}
