import type { GatewayReadyDispatchData } from 'discord-api-types/v10'
import * as z from 'zod'
import { wholeNumber } from '../config/whole-number.js'
import { DEFAULT_GATEWAY_URL, gatewayUrl } from './gateway-url.js'

/**
 * All that it takes to resume a shard's session, besides the token. Plain data: it can be written to a file and
 * given back to `createGateway({ session })` after a restart.
 */
export interface GatewaySession {
  readonly id: string
  /** Of the last event that was dispatched. */
  readonly sequence: number
  /** READY's `resume_gateway_url`. */
  readonly resumeUrl: string
  readonly shardId: number
  readonly shardCount: number
}

/** The session of a running shard. */
export interface LiveSession {
  readonly id: string
  readonly resumeUrl: string
  sequence: number
}

const EXPECTED = { error: 'must be a session as gateway.session or gateway.sessions gave it' }
const ID = { error: 'must be the id of a session' }

const sessionSchema = z.object(
  {
    id: z.string(ID).min(1, ID),
    sequence: wholeNumber(0),
    resumeUrl: gatewayUrl,
    shardId: wholeNumber(0),
    shardCount: wholeNumber(1),
  },
  EXPECTED,
)

/** One, several or none. A union would say of a bad one only that neither alternative fits. */
export const sessionsSchema = z
  .custom<GatewaySession | readonly GatewaySession[] | null>()
  .transform((given, context): readonly GatewaySession[] => {
    const list: readonly unknown[] = given === null ? [] : Array.isArray(given) ? given : [given]
    return list.flatMap((each, index) => {
      const { data, error } = sessionSchema.safeParse(each)
      for (const { path, message } of error?.issues ?? [])
        context.addIssue({
          code: 'custom',
          path: Array.isArray(given) ? [index, ...path] : path,
          message,
        })
      return data ?? []
    })
  })

/** The session that READY begins. Where its URL would send the token in clear, the default one resumes as well. */
export function beginSession(ready: GatewayReadyDispatchData, sequence: number): LiveSession {
  const resumeUrl = gatewayUrl.safeParse(ready.resume_gateway_url).data ?? DEFAULT_GATEWAY_URL
  return { id: ready.session_id, resumeUrl, sequence }
}
