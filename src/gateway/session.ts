import * as z from 'zod'
import { wholeNumber } from '../config/whole-number.js'
import { gatewayUrl } from '../discord/gateway-bot.js'

/**
 * All that is needed to resume a shard's session, besides the token. It is plain data: it can be written to a file
 * and given to `createGateway({ session })` after a restart.
 */
export interface GatewaySession {
  readonly id: string
  /** Of the last event that was dispatched. */
  readonly sequence: number
  /** READY's `resume_gateway_url`. */
  readonly resumeUrl: string
  readonly shardId: number
  readonly shardCount: number
  /**
   * True: its last owner closed it in order, and no event after `sequence` was dispatched. False: an event after
   * `sequence` may have been dispatched, as while a session is resumed whose owner was killed. A session that a store
   * gives without it is resumed too. Unless it is true there, and where it is false in `createGateway({ session })`, the
   * events that come again are marked `replayed`.
   */
  readonly handedOver?: boolean | undefined
}

/**
 * Where sessions are kept between processes: a file, a database. Each method may be asynchronous.
 *
 * `load` is asked once for each shard, before it connects for the first time. If it rejects, or takes longer than
 * `gatewayReadyTimeoutMs`, the attempt fails and it is asked again.
 *
 * `save` is called after the listeners of each event have run, and nothing waits for it: a store that writes
 * elsewhere keeps the latest session of each shard and writes as often as it likes. A crash in between repeats events
 * and loses none. `close()` waits up to two seconds for the promise that the last `save` or `remove` returned.
 */
export interface GatewaySessionStore {
  /** Asked once, before the shard connects for the first time; null and undefined mean that there is no session. */
  load(shardId: number): GatewaySession | null | undefined | PromiseLike<GatewaySession | null | undefined>
  /** The session has advanced. A promise that it returns is awaited by `close()` alone. */
  save(session: GatewaySession): unknown
  /** The session is over: Discord has invalidated it, or `close()` has ended it. */
  remove(shardId: number): unknown
}

const EXPECTED = { error: 'must be a session as gateway.session or gateway.sessions gave it' }
const ID = { error: 'must be the id of a session' }

export const sessionSchema = z.object(
  {
    id: z.string(ID).min(1, ID),
    sequence: wholeNumber(0),
    resumeUrl: gatewayUrl,
    shardId: wholeNumber(0),
    shardCount: wholeNumber(1),
    handedOver: z.boolean().optional(),
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
        context.addIssue({ code: 'custom', path: Array.isArray(given) ? [index, ...path] : path, message })
      return data ?? []
    })
  })
