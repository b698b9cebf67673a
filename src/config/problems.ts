import type * as z from 'zod'
import { TransportError, type TransportErrorCode } from '../errors.js'
import { sanitizeForeignText } from './redact.js'
import { nearestName } from './spelling.js'

/** One bad field: `text` names it and says what was expected. */
export interface Problem {
  readonly text: string
  readonly hint: string
}

const OPTIONS_HINT = 'TransportOptions documents each option with its unit and default.'

/** Options of the past, and what to do instead. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['http2', 'Remove http2: the transport speaks HTTP/1.1, and opens as many tunnels as maxTunnels allows.'],
])

/** One error for all problems. It has no cause: zod's and Node's own errors may hold the values. */
export function problemsError(
  problems: readonly Problem[],
  code: TransportErrorCode = 'ERR_PROXY_CONFIG',
): TransportError {
  return new TransportError(problems.map((problem) => problem.text).join('; '), {
    code,
    phase: 'config',
    hint: [...new Set(problems.map((problem) => problem.hint))].join(' '),
    retryable: false,
  })
}

/**
 * An issue of zod in our words: the schema's own message after the field's name.
 *
 * @param knownAt the names of the options of the object at this path
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  knownAt: (path: readonly PropertyKey[]) => readonly string[],
): readonly Problem[] {
  const prefix = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const nearest = nearestName(key, knownAt(issue.path))
      const field = [...prefix, sanitizeForeignText(key, 40)].join('.')
      const meant = nearest === undefined ? '' : `; did you mean ${[...prefix, nearest].join('.')}?`
      return { text: `${field}: is not an option${meant}`, hint: REMOVED.get(field) ?? OPTIONS_HINT }
    })
  }
  const hint: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined
  if (typeof hint === 'string') return [{ text: issue.message, hint }]
  return [
    { text: `${prefix.length === 0 ? 'options' : prefix.join('.')}: ${issue.message}`, hint: OPTIONS_HINT },
  ]
}
