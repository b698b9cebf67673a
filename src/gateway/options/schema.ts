import type { Agree, Assert } from '../../config/agree.js'
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import * as z from 'zod'
import { milliseconds, wholeNumber } from '../../config/whole-number.js'
import { gatewayBotSchema } from '../../discord/gateway-bot.js'
import { DEFAULT_PROPERTIES } from '../../discord/identify.js'
import { isSupported } from '../compression/compression.js'
import type { GatewayFleet } from '../fleet.js'
import type { GatewayIdentifyThrottler } from '../identify-queue.js'
import { sessionsSchema, type GatewaySessionStore } from '../session.js'
import type { GatewayClientOptions } from './options.js'
import { isPresence, PRESENCE_EXPECTED } from './presence.js'
import { timeoutSchema } from './timeouts.js'

const object = (example: string) => ({ error: `must be an object such as ${example}` })
const text = z.string({ error: 'must be a string' })

type Shards = NonNullable<GatewayClientOptions['shards']>
type GatewayInfo = NonNullable<GatewayClientOptions['gatewayInfo']>

const isWhole = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least

function isShards(value: unknown): value is Shards {
  if (value === 'auto' || isWhole(value, 1)) return true
  if (!Array.isArray(value) || value.length !== 2) return false
  const pair: readonly unknown[] = value
  const [ids, total] = pair
  if (!Array.isArray(ids) || ids.length === 0 || !isWhole(total, 1)) return false
  return ids.every((id) => isWhole(id, 0) && id < total) && new Set(ids).size === ids.length
}

/** The shards of this client; `'auto'`: as many as Discord recommends. */
function shardsOf(shards: Shards): { readonly ids: readonly number[]; readonly total: number } | 'auto' {
  if (shards === 'auto') return shards
  if (typeof shards === 'object') return { ids: [...shards[0]], total: shards[1] }
  return { ids: Array.from({ length: shards }, (_, id) => id), total: shards }
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof Reflect.get(value, name) === 'function')
}

/** What a fleet consists of, and the methods of each part. */
const FLEET_PARTS = {
  sessionStore: ['load', 'save', 'remove'],
  identifyThrottler: ['waitForIdentify'],
  shardLeases: ['join', 'holds', 'leave'],
} satisfies Record<keyof GatewayFleet, string[]>

function isFleet(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(FLEET_PARTS).every(([part, names]) => hasMethods(Reflect.get(value, part), names))
}

/** An option that may be left out, and passes as it was given. */
function given<Value>(isOne: (value: unknown) => boolean, error: string) {
  return z.custom<Value>(isOne, { error }).optional()
}

/** The one definition of the options and their defaults. */
export const optionsSchema = z.strictObject(
  {
    // A function, so that no inspection and no JSON shows it.
    token: z
      .string({ error: "must be the bot's token" })
      .transform((token) => token.trim().replace(/^Bot(?:\s+|$)/i, ''))
      // It goes into a header (RFC 9110 §5.5) and is one word.
      .refine((token) => /^[!-~]+$/.test(token), { error: "must be the bot's token, one word" })
      .transform((token) => () => token),
    intents: wholeNumber(0, 2 ** 31 - 1),
    // Not with zod's `.readonly()`: it freezes, and throws on a Buffer instead of refusing it.
    shards: z
      .custom<Shards>(isShards, {
        error: "must be 'auto', a number of 1 or more, or [ids, total] with each id below the total",
      })
      .prefault(1)
      .transform(shardsOf),
    session: sessionsSchema.optional(),
    sessionStore: given<GatewaySessionStore>(
      (value) => hasMethods(value, FLEET_PARTS.sessionStore),
      'must be an object with the methods load, save and remove',
    ),
    identifyThrottler: given<GatewayIdentifyThrottler>(
      (value) => hasMethods(value, FLEET_PARTS.identifyThrottler),
      'must be an object with the method waitForIdentify',
    ),
    fleet: given<GatewayFleet>(
      isFleet,
      'must be a fleet such as redisFleet(client, { name }) of discord-transport/redis gives',
    ),
    gatewayInfo: given<GatewayInfo>(
      (value) => typeof value === 'function' || gatewayBotSchema.safeParse(value).success,
      'must be { url, shards, session_start_limit } as GET /gateway/bot answers, or a function that gives it',
    ),
    presence: given<GatewayPresenceUpdateData>(isPresence, PRESENCE_EXPECTED),
    properties: z
      .strictObject({ os: text, browser: text, device: text }, object('{ os, browser, device }'))
      .default(DEFAULT_PROPERTIES),
    largeThreshold: wholeNumber(50, 250).optional(),
    compression: z
      .enum(['auto', 'zstd-stream', 'zlib-stream', 'none'], {
        error: "must be 'auto', 'zstd-stream', 'zlib-stream' or 'none'",
      })
      .refine((compression) => compression === 'auto' || isSupported(compression), {
        error:
          'is not supported here: zstd-stream needs Node 22.15, and zlib-stream does not work under Deno',
      })
      .default('auto'),
    maxPayload: wholeNumber(1024, 2 ** 31 - 1, 'bytes').default(64 * 1024 * 1024),
    gatewayInfoTimeoutMs: timeoutSchema,
    gatewayReadyTimeoutMs: timeoutSchema,
    gatewayRuntimeReadyTimeoutMs: timeoutSchema,
    backoffBaseMs: milliseconds(1, 60_000).default(1_000),
    backoffMaxMs: milliseconds(1, 600_000).default(30_000),
    maxReconnectAttempts: wholeNumber(1).optional(),
    maxQueuedSends: wholeNumber(1).default(1_000),
  },
  object('{ token, intents }'),
)

/** Compiles only while the documented interface and the schema say the same. */
export type GatewayOptionsDocumentedAsChecked = Assert<
  Agree<GatewayClientOptions, z.input<typeof optionsSchema>>
>
