import { invalidUse } from '../fleet-errors.js'
import { createFleet, type Fleet } from '../fleet.js'
import { FLEET_TIMING } from '../timing.js'
import type { RedisClient } from './client.js'
import { keysOf, RedisStore } from './redis-store.js'

/** Options of `redisFleet()`. */
export interface RedisFleetOptions {
  /** The bot: members with the same name, on the same Redis, are one fleet. Letters, digits and `._-`. */
  readonly name: string
  /** What all keys begin with. Default: `discord-transport`. */
  readonly prefix?: string | undefined
}

/**
 * A member of a fleet whose members meet in Redis 6.2 or newer: `createGateway({ fleet })` takes it. Each call makes
 * another member; several may use one client.
 *
 * @param client `createClient()` or `createCluster()` of `redis` 5 or 6, `new Redis()` or `new Cluster()` of `ioredis`
 *   5 or 6, connected or not. One that was not is connected, and closed when the member leaves
 * @throws TransportError ERR_INVALID_OPTIONS for what is no client, and for a name that is missing or has other
 *   characters
 */
export function redisFleet(client: RedisClient, options: RedisFleetOptions): Fleet {
  const { name, prefix = 'discord-transport' } = checked(options)
  return createFleet(new RedisStore(client, keysOf(prefix, name), FLEET_TIMING), FLEET_TIMING)
}

function checked(options: RedisFleetOptions): RedisFleetOptions {
  const { name, prefix } = options
  if (!isWord(name))
    throw invalidUse(
      'redisFleet: name: must be one word of letters, digits, dots, dashes and underscores',
      HINT,
    )
  if (prefix !== undefined && !isWord(prefix.replaceAll(':', '-')))
    throw invalidUse(
      'redisFleet: prefix: must be one word of letters, digits, dots, dashes, underscores and colons',
      HINT,
    )
  return options
}

const HINT = "Write redisFleet(client, { name: 'my-bot' })."

/** Braces would move the hash tag. */
function isWord(value: unknown): boolean {
  return typeof value === 'string' && /^[\w.-]{1,100}$/.test(value)
}
