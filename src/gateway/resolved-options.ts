import type { GatewayPresenceUpdateData } from 'discord-api-types/v10'
import type * as z from 'zod'
import type { Environment } from '../config/index.js'
import { SecretHolder } from '../config/hidden.js'
import { describeIssue, problemsError, type Problem } from '../config/problems.js'
import type { GatewayCompression } from './compression.js'
import { optionsSchema } from './options-schema.js'
import type { GatewayClientOptions, GatewayProperties } from './options.js'
import type { GatewaySession } from './session.js'
import { resolveTimeouts, type Timeouts } from './timeouts.js'

/** {@link GatewayClientOptions} after the checks. */
export interface ResolvedGatewayOptions extends Timeouts {
  /** Without `Bot `. Invisible to inspection and JSON. */
  readonly token: string
  readonly intents: number
  /** `'auto'`: as many as Discord recommends. */
  readonly shards: { readonly ids: readonly number[]; readonly total: number } | 'auto'
  readonly sessions: readonly GatewaySession[]
  readonly presence: GatewayPresenceUpdateData | undefined
  readonly properties: GatewayProperties
  readonly largeThreshold: number | undefined
  /** `'auto'`: as soon as the number of shards is known. */
  readonly compression: GatewayCompression | 'auto'
  readonly maxPayload: number
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  readonly maxQueuedSends: number
}

const HINT = 'GatewayClientOptions documents each option with its unit and default.'

/**
 * Checks the options of a gateway client and sets the defaults.
 *
 * @throws TransportError `ERR_PROXY_CONFIG`: one for all bad fields and variables, each by name with what was
 *   expected, and no value of any
 */
export function parseGatewayOptions(input: unknown, env: Environment): ResolvedGatewayOptions {
  const { data, error } = optionsSchema.safeParse(input)
  const texts = (error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, namesAt))
    .map(({ text }) => text)
  const problems: Problem[] = [...new Set(texts)].map((text) => ({ text, hint: HINT }))
  const timeouts = resolveTimeouts(data ?? {}, env, problems)
  if (data === undefined || problems.length > 0) throw problemsError(problems)
  return new Options(data, timeouts)
}

/** For "did you mean". */
function namesAt(path: readonly PropertyKey[]): readonly string[] {
  const { shape } = optionsSchema
  return Object.keys(path.length === 0 ? shape : shape.properties.unwrap().shape)
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

  constructor(options: z.output<typeof optionsSchema>, timeouts: Timeouts) {
    super()
    this.#token = options.token
    this.intents = options.intents
    this.shards = shardsOf(options.shards ?? 1)
    this.sessions = options.session ?? []
    this.presence = options.presence
    this.properties = options.properties ?? {
      os: process.platform,
      browser: 'discord-transport',
      device: 'discord-transport',
    }
    this.largeThreshold = options.largeThreshold
    this.compression = options.compression ?? 'auto'
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
