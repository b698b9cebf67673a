import { randomUUID } from 'node:crypto'
import { say } from '../../../messages/index.js'
import { UsageError, type ExitCode } from '../../exit-codes.js'
import type { CallFlags } from './flags.js'
import { refuseInAgentShell, withGateway } from './session.js'

/** Methods that say something in the name of a person. */
const SPEAKS =
  /^(?:chat\.(?:send|inject)|sessions\.(?:send|create|steer)|agent|send|poll|message\.action|wake)$/
/** Methods that want an idempotency key. */
const NEEDS_KEY = /^(?:chat\.send|sessions\.send|agent|send|poll)$/

export function call(method: string, params: string | undefined, flags: CallFlags): Promise<ExitCode> {
  if (SPEAKS.test(method)) refuseInAgentShell(`openclaw call ${method}`, flags)
  const fields = parse(params)
  const key = NEEDS_KEY.test(method) && !('idempotencyKey' in fields) ? { idempotencyKey: randomUUID() } : {}
  return withGateway(flags, async (client) => {
    const { timeoutMs, expectFinal } = flags
    const answer = await client.request(method, fields, { ...key, timeoutMs, expectFinal })
    return { json: answer, text: JSON.stringify(answer, null, 2) }
  })
}

function parse(params = '{}'): object {
  let value: unknown
  try {
    value = JSON.parse(params)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(say('usage.params', { example: `'{"limit":5}'` }))
}
