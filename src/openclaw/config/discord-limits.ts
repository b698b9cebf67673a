import type { DeliveryOptions } from '../../config/index.js'
import { say } from '../../messages/index.js'
import { placeOf, type Account } from './account.js'
import type { OpenClawConfig } from './openclaw-config.js'
import { nameOf, settingError } from './setting-error.js'

/** For `createGateway()` and the adapters; what the configuration does not set is not there. */
export interface OpenClawGatewayOptions {
  readonly gatewayInfoTimeoutMs?: number
  readonly gatewayReadyTimeoutMs?: number
  readonly gatewayRuntimeReadyTimeoutMs?: number
}

/** The `eventQueue` of Carbon's Client. */
export interface OpenClawEventQueue {
  /** Milliseconds for one listener. Default: 120 000, as in OpenClaw. */
  readonly listenerTimeout: number
  readonly maxQueueSize?: number
  readonly maxConcurrency?: number
}

/** What bounds the traffic of one account. */
export interface DiscordLimits {
  readonly gatewayOptions: OpenClawGatewayOptions
  readonly eventQueue: OpenClawEventQueue
  /** Undefined where `retry` is not set. */
  readonly delivery: DeliveryOptions | undefined
  /** Bytes of `mediaMaxMb`; undefined where it is not set. */
  readonly maxFileBytes: number | undefined
  readonly notes: readonly string[]
}

const TIMEOUTS = ['gatewayInfoTimeoutMs', 'gatewayReadyTimeoutMs', 'gatewayRuntimeReadyTimeoutMs'] as const
const RETIRED = ['retry', ...TIMEOUTS, 'eventQueue'] as const
/** OpenClaw took no more of any of the three. */
const MAX_TIMEOUT_MS = 120_000
const MAX_ATTEMPTS = 100
const MAX_DELAY_MS = 600_000
const LISTENER_TIMEOUT_MS = 120_000
const BYTES_OF_MB = 1024 * 1024

/** Reads `mediaMaxMb`, and the settings that only older files have. */
export function readLimits(config: OpenClawConfig, account: Account): DiscordLimits {
  const timeout = (name: string): number | undefined => config.number(placeOf(config, account, name), 1)
  const media = placeOf(config, account, 'mediaMaxMb')
  const mediaMaxMb = config.number(media, 0)
  if (mediaMaxMb === 0) throw settingError(media, 'openclaw.media', 'openclaw.number.hint')
  const retired = RETIRED.map((key) => placeOf(config, account, key)).filter(
    (place) => config.value(place) !== undefined,
  )
  return {
    gatewayOptions: given(TIMEOUTS.map((name) => [name, atMost(timeout(name), MAX_TIMEOUT_MS)])),
    eventQueue: readEventQueue(config, account),
    delivery: readRetry(config, account),
    maxFileBytes: mediaMaxMb === undefined ? undefined : Math.floor(mediaMaxMb * BYTES_OF_MB),
    notes:
      retired.length === 0
        ? []
        : [say('openclaw.note.retired', { names: retired.map((place) => nameOf(place)).join(', ') })],
  }
}

function readEventQueue(config: OpenClawConfig, account: Account): OpenClawEventQueue {
  const place = placeOf(config, account, 'eventQueue')
  const names = ['listenerTimeout', 'maxQueueSize', 'maxConcurrency'] as const
  return {
    listenerTimeout: LISTENER_TIMEOUT_MS,
    ...given(names.map((name) => [name, config.number([...place, name], 1)])),
  }
}

/** The account's `retry` stands in place of the channel's as a whole. The transport has a jitter of its own. */
function readRetry(config: OpenClawConfig, account: Account): DeliveryOptions | undefined {
  const place = placeOf(config, account, 'retry')
  if (config.value(place) === undefined) return undefined
  const read = (key: string, least: number, most: number): number | undefined =>
    atMost(config.number([...place, key], least), most)
  const delays = given([
    ['minDelayMs', read('minDelayMs', 0, MAX_DELAY_MS)],
    ['maxDelayMs', read('maxDelayMs', 0, MAX_DELAY_MS)],
  ])
  const { minDelayMs = 0, maxDelayMs } = delays
  const attempts = given([['attempts', read('attempts', 1, MAX_ATTEMPTS)]])
  // OpenClaw took a smaller maximum for the minimum.
  return maxDelayMs === undefined || maxDelayMs >= minDelayMs
    ? { ...attempts, ...delays }
    : { ...attempts, minDelayMs, maxDelayMs: minDelayMs }
}

function atMost(value: number | undefined, most: number): number | undefined {
  return value === undefined ? undefined : Math.min(Math.floor(value), most)
}

function given<Name extends string>(
  entries: readonly (readonly [Name, number | undefined])[],
): Partial<Record<Name, number>> {
  const set: Partial<Record<Name, number>> = {}
  for (const [name, value] of entries) if (value !== undefined) set[name] = value
  return set
}
