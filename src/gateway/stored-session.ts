import { resumeUrl } from '../discord/gateway-bot.js'
import { answerWithin, pause } from '../reconnect/abortable.js'
import type { GatewayDispatchInfo } from './events.js'
import { sessionSchema, type GatewaySession, type GatewaySessionStore } from './session.js'

/** For the store's last write when the gateway is closed. */
const LAST_WRITE_MS = 2_000

export interface StoredSessionSettings {
  readonly store: GatewaySessionStore | undefined
  readonly shardId: number
  readonly shardCount: number
  readonly log: (line: string) => void
}

interface LiveSession {
  readonly id: string
  readonly resumeUrl: string
  sequence: number
}

/** The session of one shard, which the session store follows. */
export class StoredSession {
  /** The URL that the user configured by `gatewayInfo`. */
  configuredUrl: string | undefined
  readonly #settings: StoredSessionSettings
  #live: LiveSession | undefined
  #loaded: boolean
  /** Until the replay has ended: an earlier owner may have dispatched events after the sequence that is known here. */
  #uncertain = false
  #lastWrite: PromiseLike<unknown> | undefined

  constructor(settings: StoredSessionSettings) {
    this.#settings = settings
    this.#loaded = settings.store === undefined
  }

  /** The session as it is at this moment. */
  get live(): Readonly<LiveSession> | undefined {
    return this.#live
  }

  get exported(): GatewaySession | null {
    if (this.#live === undefined) return null
    const { id, sequence, resumeUrl } = this.#live
    const { shardId, shardCount } = this.#settings
    const session = { id, sequence, resumeUrl, shardId, shardCount }
    return this.#uncertain ? { ...session, handedOver: false } : session
  }

  /** Where an event of the live session stands. */
  info(sequence: number): GatewayDispatchInfo {
    return { sessionId: this.#live?.id ?? '', sequence, replayed: this.#uncertain }
  }

  /** Whether an event that comes now may have been dispatched before. */
  get isUncertain(): boolean {
    return this.#uncertain
  }

  /** What follows was not dispatched before. */
  replayEnded(): void {
    this.#uncertain = false
  }

  /** A session to resume. */
  restore({ id, sequence, resumeUrl, handedOver }: GatewaySession): void {
    this.#loaded = true
    this.#uncertain = handedOver === false
    this.#live = { id, sequence, resumeUrl }
  }

  /** Asks the store, if it has not answered yet. */
  async load(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const { store, shardId, shardCount, log } = this.#settings
    if (store === undefined || this.#loaded) return
    const given: unknown = await answerWithin(timeoutMs, signal, () => store.load(shardId))
    this.#loaded = true
    if (given === null || given === undefined) return
    const { data: session } = sessionSchema.safeParse(given)
    if (session?.shardId === shardId && session.shardCount === shardCount) {
      this.restore(session)
      this.#uncertain = session.handedOver !== true
    } else log('what the session store has is not a session of this shard: a new one begins')
  }

  /** READY has begun a session. */
  begin(id: string, sequence: number, givenUrl: unknown): void {
    this.#loaded = true
    this.#uncertain = false
    this.#live = { id, sequence, resumeUrl: resumeUrl(givenUrl, this.configuredUrl) }
  }

  advance(sequence: number): void {
    if (this.#live !== undefined) this.#live.sequence = sequence
  }

  /** The latest event has been dispatched. Nothing waits for the store. */
  save(): void {
    const { store } = this.#settings
    if (store === undefined) return
    const { exported } = this
    if (exported !== null) this.#write(() => store.save(exported))
  }

  /** The session is over. */
  end(): void {
    const { store, shardId } = this.#settings
    if (this.#live === undefined) return
    this.#live = undefined
    if (store !== undefined) this.#write(() => store.remove(shardId))
  }

  /** Resolves when the store has taken the last write, or has had its time. */
  async written(): Promise<void> {
    if (this.#lastWrite === undefined) return
    const enough = new AbortController()
    await Promise.race([this.#lastWrite, pause(LAST_WRITE_MS, enough.signal)]).catch(() => undefined)
    enough.abort()
  }

  #write(write: () => unknown): void {
    try {
      const result = write()
      this.#lastWrite = isThenable(result)
        ? result.then(undefined, (error: unknown) => this.#failed(error))
        : undefined
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#settings.log(`the session store failed: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
