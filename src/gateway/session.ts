import { z } from 'zod'

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

const count = (least: number) => {
  const error = `must be a whole number of ${least} or more`
  return z.int({ error }).min(least, { error })
}

/** Where a resume sends the token must be reached over TLS, also when the URL comes from a file. */
export const gatewayUrl = z
  .string({ error: 'must be a wss:// URL' })
  .refine((url) => URL.canParse(url) && new URL(url).protocol === 'wss:', { error: 'must be a wss:// URL' })

export const sessionSchema = z
  .strictObject(
    {
      id: z.string({ error: 'must be the id of a session' }).min(1, { error: 'must be the id of a session' }),
      sequence: count(0),
      resumeUrl: gatewayUrl,
      shardId: count(0),
      shardCount: count(1),
    },
    { error: 'must be a session as gateway.session or gateway.sessions gave it' },
  )
  .readonly()

/** The session of a running shard. */
export interface LiveSession {
  readonly id: string
  readonly resumeUrl: string
  sequence: number
}
