import { isObject } from '../../../config/json.js'
import { fieldsOf, numberOf, textOf, type Fields } from './frames.js'
import { concealSecrets } from './secrets.js'

/** What the gateway allows on this connection. */
export interface HelloPolicy {
  /** Bytes of the largest frame. */
  readonly maxPayload: number
  readonly maxBufferedBytes: number
  /** Milliseconds between two `tick` events. */
  readonly tickIntervalMs: number
  readonly attachments?: { readonly maxBytes?: number; readonly maxImageBytes?: number }
}

/**
 * The gateway's hello-ok. `auth.deviceToken`, `auth.recoveryScope` and `pluginSurfaceUrls` are secrets: inspection and
 * JSON show `***` for them.
 */
export interface HelloOk {
  readonly type: 'hello-ok'
  readonly protocol: number
  readonly server: {
    readonly version: string
    readonly connId: string
    /** Another one after each start of the gateway, in the same process too. */
    readonly bootId?: string
    readonly buildId?: string
  }
  readonly features: { readonly methods: readonly string[]; readonly events: readonly string[] }
  readonly snapshot: Readonly<Record<string, unknown>>
  readonly auth: {
    readonly role: string
    /** What the connection may do. */
    readonly scopes: readonly string[]
    readonly method?: string
    readonly deviceToken?: string
    readonly issuedAtMs?: number
  }
  readonly policy: HelloPolicy
  readonly [field: string]: unknown
}

/** OpenClaw's own values (2026.9), where an older gateway gives none. */
const MAX_PAYLOAD = 26_214_400
const TICK_INTERVAL_MS = 30_000
/** A tick that comes more or less often than this makes no watch. */
const TICK_RANGE_MS = [100, 300_000] as const

/** hello-ok with its secrets hidden; undefined for anything else. Fields that are missing are read as empty. */
export function readHello(payload: unknown): HelloOk | undefined {
  if (!isObject(payload) || payload['type'] !== 'hello-ok') return undefined
  const server = fieldsOf(payload['server'])
  const features = fieldsOf(payload['features'])
  const auth = fieldsOf(payload['auth'])
  return concealSecrets({
    ...payload,
    type: 'hello-ok',
    protocol: numberOf(payload['protocol']) ?? 0,
    server: { ...server, version: textOf(server['version']) ?? '', connId: textOf(server['connId']) ?? '' },
    features: { ...features, methods: texts(features['methods']), events: texts(features['events']) },
    snapshot: { ...fieldsOf(payload['snapshot']) },
    auth: { ...auth, role: textOf(auth['role']) ?? 'operator', scopes: texts(auth['scopes']) },
    policy: readPolicy(fieldsOf(payload['policy'])),
  })
}

function readPolicy(policy: Fields): HelloPolicy {
  const [least, most] = TICK_RANGE_MS
  const tick = numberOf(policy['tickIntervalMs']) ?? TICK_INTERVAL_MS
  const maxPayload = numberOf(policy['maxPayload']) ?? 0
  return {
    ...policy,
    maxPayload: maxPayload > 0 ? maxPayload : MAX_PAYLOAD,
    maxBufferedBytes: numberOf(policy['maxBufferedBytes']) ?? 2 * MAX_PAYLOAD,
    tickIntervalMs: Math.min(most, Math.max(least, tick)),
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** Scopes that hold others: https://docs.openclaw.ai/gateway/operator-scopes */
const IMPLIED: Readonly<Record<string, string>> = { 'operator.talk': 'operator.write' }

/** The scopes that were asked for and are not there. */
export function missingScopes(asked: readonly string[], granted: readonly string[]): readonly string[] {
  const has = new Set(granted)
  if (has.has('operator.admin')) return []
  return asked.filter((scope) => !has.has(scope) && !has.has(IMPLIED[scope] ?? scope))
}
