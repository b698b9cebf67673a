import * as z from 'zod'
import { milliseconds, wholeNumber } from '../config/whole-number.js'
import { isSupported } from './compression.js'
import type { GatewayClientOptions } from './options.js'
import { isPresence, PRESENCE_EXPECTED } from './presence.js'
import { sessionsSchema } from './session.js'
import { timeoutSchema } from './timeouts.js'
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'

const object = (example: string) => ({ error: `must be an object such as ${example}` })
const text = z.string({ error: 'must be a string' })

type Shards = NonNullable<GatewayClientOptions['shards']>

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

/** The one definition of the options. */
export const optionsSchema = z.strictObject(
  {
    token: z
      .string({ error: "must be the bot's token" })
      .transform((token) => token.trim().replace(/^Bot(?:\s+|$)/i, ''))
      // It goes into a header (RFC 9110 §5.5) and is one word.
      .refine((token) => /^[!-~]+$/.test(token), { error: "must be the bot's token, one word" }),
    intents: wholeNumber(0, 2 ** 31 - 1),
    // Nothing of zod's own that freezes: `.readonly()` throws on a Buffer where it should refuse it.
    shards: z
      .custom<Shards>(isShards, {
        error: "must be 'auto', a number of 1 or more, or [ids, total] with each id below the total",
      })
      .optional(),
    session: sessionsSchema.optional(),
    presence: z.custom<GatewayPresenceUpdateData>(isPresence, { error: PRESENCE_EXPECTED }).optional(),
    properties: z
      .strictObject({ os: text, browser: text, device: text }, object('{ os, browser, device }'))
      .optional(),
    largeThreshold: wholeNumber(50, 250).optional(),
    compression: z
      .enum(['auto', 'zstd-stream', 'zlib-stream', 'none'], {
        error: "must be 'auto', 'zstd-stream', 'zlib-stream' or 'none'",
      })
      .refine((compression) => compression === 'auto' || isSupported(compression), {
        error: 'is not supported by this version of Node: zstd-stream needs 22.15',
      })
      .optional(),
    maxPayload: wholeNumber(1024, 2 ** 31 - 1, 'bytes').optional(),
    gatewayInfoTimeoutMs: timeoutSchema.optional(),
    gatewayReadyTimeoutMs: timeoutSchema.optional(),
    gatewayRuntimeReadyTimeoutMs: timeoutSchema.optional(),
    backoffBaseMs: milliseconds(1, 60_000).optional(),
    backoffMaxMs: milliseconds(1, 600_000).optional(),
    maxQueuedSends: wholeNumber(1).optional(),
  },
  object('{ token, intents }'),
)

/** True if both types have the same keys and each can stand for the other. */
type Agree<A, B> = [keyof A, A, keyof B, B] extends [keyof B, B, keyof A, A] ? true : false
type Assert<Truth extends true> = Truth

/** Compiles only while the documented interface and the schema say the same. */
export type GatewayOptionsDocumentedAsChecked = Assert<
  Agree<GatewayClientOptions, z.input<typeof optionsSchema>>
>
