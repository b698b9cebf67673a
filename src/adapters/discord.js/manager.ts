import type { Collection } from '@discordjs/collection'
import type { GatewayIdentifyProperties, GatewayPresenceUpdateData } from 'discord-api-types/v10'
import type { GatewayBotInfo, GatewaySession } from '../../index.js'

type Awaitable<Value> = Value | PromiseLike<Value>

/** A session as @discordjs/ws stores it. */
export interface SessionInfo {
  readonly resumeURL: string
  readonly sequence: number
  readonly sessionId: string
  readonly shardCount: number
  readonly shardId: number
}

/** What decides when a shard may identify: the interface of both lines of @discordjs/ws. */
export interface IdentifyThrottler {
  waitForIdentify(shardId: number, signal: AbortSignal): Promise<void>
}

/** The part of a WebSocketManager that the lines 1.2 and 2 of @discordjs/ws have in common. */
export interface Manager {
  readonly options: {
    readonly intents: number
    /** Line 1 only; line 2 has it at the manager. */
    readonly token?: string
    readonly initialPresence: GatewayPresenceUpdateData | null
    readonly identifyProperties: GatewayIdentifyProperties
    readonly largeThreshold: number | null
    readonly rest: { readonly hashes: Collection<string, unknown> }
    retrieveSessionInfo(shardId: number): Awaitable<SessionInfo | null>
    updateSessionInfo(shardId: number, session: SessionInfo | null): unknown
  }
  readonly token?: string
  fetchGatewayInformation(): Promise<GatewayBotInfo>
  getShardCount(): Promise<number>
  listenerCount(event: string): number
  emit(event: string, ...values: readonly unknown[]): unknown
}

export function tokenOf({ token, options }: Manager): string {
  return token ?? options.token ?? ''
}

/** A Collection of the class that the user's @discordjs/rest has, so that `instanceof` holds for the user. */
export function collectionOf<Value>(
  { options }: Manager,
  entries: Iterable<readonly [number, Value]>,
): Collection<number, Value> {
  const made: object = Reflect.construct(options.rest.hashes.constructor, [entries])
  if (isCollection<Value>(made)) return made
  throw new TypeError('rest.hashes is not a Collection')
}

function isCollection<Value>(value: object): value is Collection<number, Value> {
  return value instanceof Map
}

export function toSessionInfo({ id, resumeUrl, sequence, shardCount, shardId }: GatewaySession): SessionInfo {
  return { sessionId: id, resumeURL: resumeUrl, sequence, shardCount, shardId }
}

export function toSession({
  sessionId,
  resumeURL,
  sequence,
  shardCount,
  shardId,
}: SessionInfo): GatewaySession {
  return { id: sessionId, resumeUrl: resumeURL, sequence, shardCount, shardId }
}

/**
 * Emits the events of a shard in the shape of the manager's line: line 1 gives one object with the shard's id in it,
 * line 2 gives the value and the id behind it.
 */
export class ManagerEvents {
  readonly #manager: Manager
  readonly #line: 1 | 2

  constructor(manager: Manager) {
    this.#manager = manager
    this.#line = 'setToken' in manager ? 2 : 1
  }

  /** @param name of the value in line 1's object; undefined spreads the value into it */
  emit(event: string, shardId: number, name?: string, value?: unknown): void {
    // One object for each event: most of them are dispatches.
    if (this.#line === 1)
      this.#manager.emit(
        event,
        name === undefined ? { ...asObject(value), shardId } : { [name]: value, shardId },
      )
    else if (value === undefined) this.#manager.emit(event, shardId)
    else this.#manager.emit(event, value, shardId)
  }

  closed(shardId: number, code: number): void {
    this.emit('closed', shardId, 'code', code)
  }

  /** An error that ends the shard. Without a listener the manager would throw it. */
  failed(shardId: number, error: Error): void {
    if (this.#manager.listenerCount('error') > 0) this.emit('error', shardId, 'error', error)
  }

  /** An error of one connection, after which the shard connects again. */
  connectionFailed(shardId: number, error: Error): void {
    if (this.#line === 2) this.emit('socketError', shardId, 'error', error)
    else this.failed(shardId, error)
  }
}

function asObject(value: unknown): object | null {
  return typeof value === 'object' ? value : null
}
