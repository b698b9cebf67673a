import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import { z } from 'zod'
import type { Environment } from '../config/index.js'
import { SecretHolder } from '../config/hidden.js'
import { describeIssue, problemsError, type Problem } from '../config/problems.js'
import { isSupported, type GatewayCompression } from './compression.js'
import { sessionSchema, type GatewaySession } from './session.js'

/** How Discord is told about the client: https://discord.com/developers/docs/events/gateway-events#identify */
export interface GatewayProperties {
  readonly os: string
  readonly browser: string
  readonly device: string
}

/** Options of a gateway client. All but `token` and `intents` may be left out. */
export interface GatewayClientOptions {
  /** The bot's token, with or without `Bot ` before it. */
  readonly token: string
  /** The sum of the intents: https://discord.com/developers/docs/events/gateway#gateway-intents */
  readonly intents: number
  /**
   * `'auto'`: as many as Discord recommends; a number: all of so many; `[ids, total]`: these of so many, the
   * others run elsewhere. Default: 1.
   */
  readonly shards?: 'auto' | number | readonly [ids: readonly number[], total: number] | undefined
  /** Sessions to resume, exported from `gateway.session` or `gateway.sessions`. Default: new ones. */
  readonly session?: GatewaySession | readonly GatewaySession[] | undefined
  /** The presence with which a session begins. Default: online. */
  readonly presence?: GatewayPresenceUpdateData | undefined
  /** Default: this platform, and `discord-transport` twice. */
  readonly properties?: GatewayProperties | undefined
  /** From how many members on a guild comes without those who are offline: 50 to 250. Default: Discord's, 50. */
  readonly largeThreshold?: number | undefined
  /**
   * Of the whole stream. `'auto'` is zstd where Node has it (22.15), else zlib; zlib also for more than 16 shards,
   * since an idle shard then takes a third less memory. Default: `'auto'`.
   */
  readonly compression?: 'auto' | GatewayCompression | undefined
  /**
   * Bytes of the largest payload taken, compressed or not: 1 024 and more. One that is larger ends in a resume,
   * and if it comes again in a new session. Default: 64 MiB.
   */
  readonly maxPayload?: number | undefined
  /**
   * Milliseconds for GET /gateway/bot: 1 to 120 000. Default: OPENCLAW_DISCORD_GATEWAY_INFO_TIMEOUT_MS, else
   * 30 000.
   */
  readonly gatewayInfoTimeoutMs?: number | undefined
  /**
   * Milliseconds from the open WebSocket to hello, and from Identify to READY, for a shard's first session: 1 to
   * 120 000. Default: OPENCLAW_DISCORD_READY_TIMEOUT_MS, else 15 000.
   */
  readonly gatewayReadyTimeoutMs?: number | undefined
  /**
   * The same after a reconnect; a resume that is still replaying is not interrupted. 1 to 120 000. Default:
   * OPENCLAW_DISCORD_RUNTIME_READY_TIMEOUT_MS, else 30 000.
   */
  readonly gatewayRuntimeReadyTimeoutMs?: number | undefined
  /**
   * Milliseconds of the back-off's first step: 1 to 60 000. The first attempt goes at once, the second after
   * 0 to this, each further one after up to twice as much. Default: 1 000.
   */
  readonly backoffBaseMs?: number | undefined
  /** Milliseconds that the back-off never exceeds: 1 to 600 000. Default: 30 000. */
  readonly backoffMaxMs?: number | undefined
  /** Payloads of a shard that may wait to be sent. Default: 1 000. */
  readonly maxQueuedSends?: number | undefined
}

/** {@link GatewayClientOptions} after the checks. */
export interface ResolvedGatewayOptions {
  /** Without `Bot `. Invisible to inspection and JSON. */
  readonly token: string
  readonly intents: number
  /** Undefined total: as Discord recommends. */
  readonly shards: { readonly ids: readonly number[]; readonly total: number } | 'auto'
  readonly sessions: readonly GatewaySession[]
  readonly presence: GatewayPresenceUpdateData | undefined
  readonly properties: GatewayProperties
  readonly largeThreshold: number | undefined
  /** `'auto'`: as soon as the number of shards is known. */
  readonly compression: GatewayCompression | 'auto'
  readonly maxPayload: number
  readonly gatewayInfoTimeoutMs: number
  readonly gatewayReadyTimeoutMs: number
  readonly gatewayRuntimeReadyTimeoutMs: number
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  readonly maxQueuedSends: number
}

const MAX_TIMEOUT_MS = 120_000

/** Each timeout's variable and default. */
const TIMEOUTS = {
  gatewayInfoTimeoutMs: ['OPENCLAW_DISCORD_GATEWAY_INFO_TIMEOUT_MS', 30_000],
  gatewayReadyTimeoutMs: ['OPENCLAW_DISCORD_READY_TIMEOUT_MS', 15_000],
  gatewayRuntimeReadyTimeoutMs: ['OPENCLAW_DISCORD_RUNTIME_READY_TIMEOUT_MS', 30_000],
} as const

const whole = (least: number, most: number, unit = '') => {
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`
  const error = `must be a whole number ${unit}${range}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}
const milliseconds = (most: number) => whole(1, most, 'of milliseconds ')

const object = (example: string) => ({ error: `must be an object such as ${example}` })
const text = z.string({ error: 'must be a string' })

const isPresence = (value: unknown): value is GatewayPresenceUpdateData =>
  typeof value === 'object' &&
  value !== null &&
  'status' in value &&
  typeof value.status === 'string' &&
  'activities' in value &&
  Array.isArray(value.activities)

const SHARDS = {
  error: "must be 'auto', a number of 1 or more, or [ids, total] with each id below the total",
}
const shardCount = z.int(SHARDS).min(1, SHARDS)

const schema = z.strictObject(
  {
    token: z
      .string({ error: "must be the bot's token" })
      .transform((token) => token.trim().replace(/^Bot\s+/i, ''))
      // It goes into a header (RFC 9110 §5.5) and is one word.
      .refine((token) => /^[!-~]+$/.test(token), { error: "must be the bot's token, one word" }),
    intents: whole(0, 2 ** 31 - 1),
    shards: z
      .union(
        [
          z.literal('auto'),
          shardCount,
          z
            .tuple([z.array(z.int().min(0)).min(1).readonly(), shardCount], SHARDS)
            .refine(
              ([ids, total]) => ids.every((id) => id < total) && new Set(ids).size === ids.length,
              SHARDS,
            )
            .readonly(),
        ],
        SHARDS,
      )
      .optional(),
    session: z.union([sessionSchema, z.array(sessionSchema).readonly()]).optional(),
    presence: z
      .custom<GatewayPresenceUpdateData>(isPresence, object("{ status: 'online', activities: [] … }"))
      .optional(),
    properties: z
      .strictObject({ os: text, browser: text, device: text }, object('{ os, browser, device }'))
      .readonly()
      .optional(),
    largeThreshold: whole(50, 250).optional(),
    compression: z
      .enum(['auto', 'zstd-stream', 'zlib-stream', 'none'], {
        error: "must be 'auto', 'zstd-stream', 'zlib-stream' or 'none'",
      })
      .refine((compression) => compression === 'auto' || isSupported(compression), {
        error: 'is not supported by this version of Node: zstd-stream needs 22.15',
      })
      .optional(),
    maxPayload: whole(1024, 2 ** 31 - 1, 'of bytes ').optional(),
    gatewayInfoTimeoutMs: milliseconds(MAX_TIMEOUT_MS).optional(),
    gatewayReadyTimeoutMs: milliseconds(MAX_TIMEOUT_MS).optional(),
    gatewayRuntimeReadyTimeoutMs: milliseconds(MAX_TIMEOUT_MS).optional(),
    backoffBaseMs: milliseconds(60_000).optional(),
    backoffMaxMs: milliseconds(600_000).optional(),
    maxQueuedSends: whole(1, Infinity).optional(),
  },
  object('{ token, intents }'),
)

/** True if both types have the same keys and each can stand for the other. */
type Agree<A, B> = [keyof A, A, keyof B, B] extends [keyof B, B, keyof A, A] ? true : false
type Assert<Truth extends true> = Truth

/** Compiles only while the documented interface and the schema say the same. */
export type GatewayOptionsDocumentedAsChecked = Assert<Agree<GatewayClientOptions, z.input<typeof schema>>>

const HINT = 'GatewayClientOptions documents each option with its unit and default.'

/**
 * Checks the options of a gateway client and sets the defaults.
 *
 * @throws TransportError `ERR_PROXY_CONFIG`: one for all bad fields and variables, each by name with what was
 *   expected, and no value of any
 */
export function parseGatewayOptions(input: unknown, env: Environment): ResolvedGatewayOptions {
  const result = schema.safeParse(input)
  const problems: Problem[] = (result.error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, () => Object.keys(schema.shape)))
    .map(({ text: words }) => ({ text: words, hint: HINT }))
  const timeout = (name: keyof typeof TIMEOUTS): number => {
    const [variable, standard] = TIMEOUTS[name]
    const given = result.data?.[name]
    if (given !== undefined) return given
    const value = env[variable]?.trim() ?? ''
    if (value === '') return standard
    const parsed = /^\d+$/.test(value) ? milliseconds(MAX_TIMEOUT_MS).safeParse(Number(value)) : undefined
    if (parsed?.data !== undefined) return parsed.data
    const expected = `must be a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`
    problems.push({ text: `${variable}: ${expected}`, hint: `Correct or unset ${variable}.` })
    return standard
  }
  const timeouts = {
    gatewayInfoTimeoutMs: timeout('gatewayInfoTimeoutMs'),
    gatewayReadyTimeoutMs: timeout('gatewayReadyTimeoutMs'),
    gatewayRuntimeReadyTimeoutMs: timeout('gatewayRuntimeReadyTimeoutMs'),
  }
  if (result.data === undefined || problems.length > 0) throw problemsError(problems)
  return new Options(result.data, timeouts)
}

class Options extends SecretHolder implements ResolvedGatewayOptions {
  readonly intents: number
  readonly shards: ResolvedGatewayOptions['shards']
  readonly sessions: readonly GatewaySession[]
  readonly presence: GatewayPresenceUpdateData | undefined
  readonly properties: GatewayProperties
  readonly largeThreshold: number | undefined
  readonly compression: GatewayCompression | 'auto'
  readonly maxPayload: number
  readonly gatewayInfoTimeoutMs: number
  readonly gatewayReadyTimeoutMs: number
  readonly gatewayRuntimeReadyTimeoutMs: number
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  readonly maxQueuedSends: number
  readonly #token: string

  constructor(options: z.output<typeof schema>, timeouts: Record<keyof typeof TIMEOUTS, number>) {
    super()
    const { compression = 'auto', shards = 1, session = [] } = options
    this.#token = options.token
    this.intents = options.intents
    this.shards = shardsOf(shards)
    this.sessions = 'id' in session ? [session] : session
    this.presence = options.presence
    this.properties = options.properties ?? {
      os: process.platform,
      browser: 'discord-transport',
      device: 'discord-transport',
    }
    this.largeThreshold = options.largeThreshold
    this.compression = compression
    this.maxPayload = options.maxPayload ?? 64 * 1024 * 1024
    this.gatewayInfoTimeoutMs = timeouts.gatewayInfoTimeoutMs
    this.gatewayReadyTimeoutMs = timeouts.gatewayReadyTimeoutMs
    this.gatewayRuntimeReadyTimeoutMs = timeouts.gatewayRuntimeReadyTimeoutMs
    this.backoffBaseMs = options.backoffBaseMs ?? 1_000
    this.backoffMaxMs = options.backoffMaxMs ?? 30_000
    this.maxQueuedSends = options.maxQueuedSends ?? 1_000
    Object.freeze(this)
  }

  get token(): string {
    return this.#token
  }
}

function shardsOf(shards: NonNullable<GatewayClientOptions['shards']>): ResolvedGatewayOptions['shards'] {
  if (shards === 'auto') return shards
  if (typeof shards === 'object') return { ids: [...shards[0]], total: shards[1] }
  return { ids: Array.from({ length: shards }, (_, id) => id), total: shards }
}
