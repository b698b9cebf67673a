import { randomBytes } from 'node:crypto'
import { shardOf } from './snowflake.js'

/** Where a session's dispatches go while a connection carries it. */
export interface DispatchSink {
  sendText(payload: string): void
}

/** What a resume asks for, and what it gets. */
export type Replay =
  | { readonly kind: 'payloads'; readonly payloads: readonly string[] }
  /** The client claims a sequence that was never sent: close code 4007. */
  | { readonly kind: 'ahead' }
  /** What is missing has already left the buffer: invalid session. */
  | { readonly kind: 'lost' }

/** A session outlives its connections: it numbers the dispatches and keeps the latest for a resume. */
export class GatewaySession<Sink extends DispatchSink = DispatchSink> {
  readonly id = randomBytes(16).toString('hex')
  readonly createdAt = Date.now()
  readonly intents: number
  readonly shard: readonly [id: number, count: number]
  /** The connection that carries it now. */
  connection: Sink | undefined
  /** How often it was resumed. */
  resumes = 0
  readonly #bufferLimit: number
  readonly #buffer: string[] = []
  #sequence = 0

  constructor(intents: number, shard: readonly [number, number], bufferLimit: number) {
    this.intents = intents
    this.shard = shard
    this.#bufferLimit = bufferLimit
  }

  /** The number of the latest dispatch. */
  get sequence(): number {
    return this.#sequence
  }

  /** https://discord.com/developers/docs/events/gateway#sharding: direct messages go to shard 0. */
  covers(guildId: string | undefined): boolean {
    const [id, count] = this.shard
    return id === (guildId === undefined ? 0 : shardOf(guildId, count))
  }

  /** Sends an event, or keeps it for the resume. `json` is the event's data, already serialised. */
  dispatch(event: string, json: string): void {
    this.#sequence += 1
    const payload = `{"t":${JSON.stringify(event)},"s":${this.#sequence},"op":0,"d":${json}}`
    this.#buffer.push(payload)
    if (this.#buffer.length > this.#bufferLimit) this.#buffer.shift()
    this.connection?.sendText(payload)
  }

  replay(after: number): Replay {
    if (after > this.#sequence) return { kind: 'ahead' }
    const missed = this.#sequence - after
    if (missed > this.#buffer.length) return { kind: 'lost' }
    return { kind: 'payloads', payloads: missed === 0 ? [] : this.#buffer.slice(-missed) }
  }
}
