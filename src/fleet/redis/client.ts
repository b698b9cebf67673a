import { invalidUse } from '../fleet-errors.js'
import { StoreUnavailable } from '../store.js'

/** What all clients have in common, of what is used of them. */
export interface AnyRedisClient {
  /** Connects, if it has not. */
  connect(): Promise<unknown>
  /** A listener of its errors. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Takes the listener away. */
  off(event: 'error', listener: (error: Error) => void): unknown
  /** How many listeners an event has. */
  listenerCount(event: 'error'): number
}

/** `createClient()` of `redis` 5 and 6: what is used of it. */
export interface NodeRedisClient extends AnyRedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  /** Ends when the commands under way have their answers. */
  close(): Promise<unknown>
  /** Any command, by its words. */
  sendCommand(args: string[], options?: NodeRedisCommandOptions): Promise<unknown>
}

/** `createCluster()` of `redis` 5 and 6: what is used of it. */
export interface NodeRedisCluster extends AnyRedisClient {
  readonly isOpen: boolean
  readonly masters: readonly unknown[]
  /** Ends when the commands under way have their answers. */
  close(): Promise<unknown>
  /** Any command, by its words. */
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>
}

interface NodeRedisCommandOptions {
  readonly abortSignal?: AbortSignal
  readonly typeMapping?: object
}

/** `Redis` and `Cluster` of `ioredis` 5 and 6: what is used of them. */
export interface IoRedisClient extends AnyRedisClient {
  readonly status: string
  /** Ends when the commands under way have their answers. */
  quit(): Promise<unknown>
  /** Any command, by its words. */
  call(command: string, args: string[]): Promise<unknown>
}

/** A client of one of the packages that `redisFleet()` takes. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoRedisClient

/** What the fleet needs of any of them. */
export interface RedisLink {
  /** Whether a command would go out now, and not into a queue. */
  ready(): boolean
  /** Connects, if the user has not. */
  connect(): Promise<unknown> | undefined
  disconnect(): Promise<unknown>
  send(args: string[], firstKey: string, signal: AbortSignal): Promise<unknown>
}

/** Answers are strings and numbers, whatever the client is configured to make of them. */
const PLAIN = { typeMapping: {} }

/** @throws TransportError ERR_INVALID_OPTIONS for anything else */
export function linkOf(client: RedisClient): RedisLink {
  if (typeof client === 'object' && (client as unknown) !== null) {
    if ('call' in client && 'status' in client) return ioRedisLink(client)
    if ('sendCommand' in client && ('masters' in client || 'isReady' in client)) return nodeLink(client)
  }
  throw invalidUse(
    'redisFleet: the first argument must be a client of redis or of ioredis',
    'Give createClient() or createCluster() of redis 5 or 6, or new Redis() or new Cluster() of ioredis 5 or 6.',
  )
}

function nodeLink(client: NodeRedisClient | NodeRedisCluster): RedisLink {
  return {
    ready: () => ('masters' in client ? client.isOpen && client.masters.length > 0 : client.isReady),
    connect: () => (client.isOpen ? undefined : client.connect()),
    disconnect: () => client.close(),
    send: (args, firstKey, abortSignal) => {
      const options = { ...PLAIN, abortSignal }
      return 'masters' in client
        ? client.sendCommand(firstKey, false, args, options)
        : client.sendCommand(args, options)
    },
  }
}

/** ioredis routes by the keys, which it finds in the arguments of EVALSHA and EVAL. */
function ioRedisLink(client: IoRedisClient): RedisLink {
  const idle = new Set(['wait', 'end', 'close'])
  return {
    ready: () => client.status === 'ready',
    connect: () => (idle.has(client.status) ? client.connect() : undefined),
    disconnect: () => client.quit(),
    send: ([command = '', ...args]) => client.call(command, args),
  }
}

/**
 * The result of a command, unless it takes too long: what comes later does not count.
 *
 * @throws StoreUnavailable
 */
export async function inTime<Value>(
  ms: number,
  begin: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new StoreUnavailable(`Redis did not answer within ${ms} ms`))
      stop.abort()
    }, ms)
  })
  try {
    const result = begin(stop.signal)
    // It may reject after the deadline.
    result.catch(() => undefined)
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}
