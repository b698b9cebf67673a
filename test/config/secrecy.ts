import { inspect } from 'node:util'
import { expect } from 'vitest'
import { TransportError } from '../../src/errors.js'

/** All that a log, a debugger or a serialiser can get out of a value, in lower case. */
export function everythingShownBy(value: unknown): string {
  const parts = [
    inspect(value, { depth: Infinity }),
    inspect(value, { showHidden: true, depth: Infinity, getters: true }),
    inspect(value, { showHidden: true, depth: Infinity, customInspect: false }),
    JSON.stringify(value),
    JSON.stringify({ ...Object(value) }),
  ]
  if (value instanceof Error) parts.push(value.message, value.stack ?? '', inspect(value.cause))
  if (value instanceof TransportError) parts.push(value.hint, String(value.proxy), String(value.target))
  return parts.join('\n').toLowerCase()
}

export function expectNoneShown(value: unknown, secrets: readonly string[]): void {
  const shown = everythingShownBy(value)
  for (const secret of secrets) expect(shown).not.toContain(secret.toLowerCase())
}

/** Runs what must fail with a configuration error, and gives that error. */
export function configErrorOf(run: () => unknown): TransportError {
  let result: unknown
  try {
    result = run()
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'config', retryable: false, proxy: null })
    expect(error.cause).toBeUndefined()
    expect(error.hint).not.toBe('')
    return error
  }
  throw new Error(`Expected a TransportError, got ${inspect(result)}`)
}
