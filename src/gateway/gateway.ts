import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewaySendPayload,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10'
import { bestCompression } from './compression.js'
import { ConnectLimit } from './connect-limit.js'
import type { GatewayEvents, GatewayState, ShardStatus } from './events.js'
import { closedGateway } from './gateway-error.js'
import { GatewayInfoSource } from './gateway-info.js'
import { IdentifyQueue } from './identify-queue.js'
import type { GatewayLinks } from './links.js'
import { Opcode } from '../discord/opcodes.js'
import type { GatewayClientOptions } from './options.js'
import { unsendable } from './outgoing-payload.js'
import { isPresence, PRESENCE_EXPECTED } from './presence.js'
import { parseGatewayOptions, type ResolvedGatewayOptions } from './resolved-options.js'
import type { GatewaySession } from './session.js'
import type { ShardContext } from './shard-context.js'
import { Shards } from './shards.js'

export interface GatewayCloseOptions {
  /** Leave the session at Discord, so that `sessions` can be given to another client. Default: false. */
  readonly keepSession?: boolean
}

export interface GatewayReconnectOptions {
  /** Go on with the session; otherwise begin a new one, and lose what happens meanwhile. Default: true. */
  readonly resume?: boolean
  /** For the `reconnecting` event. */
  readonly reason?: string
}

/** Connections under way at one time, over all shards. */
const MAX_CONNECTING = 32

/**
 * A client of Discord's Gateway v10: connects, stays and comes back, through the transport's proxy.
 *
 * `connect()` opens it; from then on every fault short of a wrong token, intent or shard number is repaired by a
 * resume where Discord can replay, by a new session where it cannot. `dispatch` has every event in order and
 * once.
 */
export class GatewayClient extends EventEmitter<GatewayEvents> implements AsyncDisposable {
  readonly #options: ResolvedGatewayOptions
  readonly #context: ShardContext
  readonly #shards: Shards
  readonly #onClosed: () => void
  #presence: GatewayPresenceUpdateData | undefined
  #state: GatewayState = 'idle'
  #connecting: Promise<void> | undefined
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  #closing: Promise<void> | undefined

  /**
   * @internal `transport.createGateway()` makes them.
   * @throws TransportError ERR_PROXY_CONFIG naming every bad option
   */
  constructor(links: GatewayLinks, options: GatewayClientOptions, random: () => number = Math.random) {
    super()
    this.#onClosed = links.onClosed
    this.#options = parseGatewayOptions(options, links.env)
    this.#presence = this.#options.presence
    const { compression, maxPayload } = this.#options
    const identifies = new IdentifyQueue((waitMs) =>
      this.#debug(`the session starts of today are used up: identifying in ${Math.ceil(waitMs / 1000)} s`),
    )
    const info = new GatewayInfoSource(
      links,
      this.#options,
      (line) => this.#debug(line),
      ({ sessionStartLimit }) => {
        if (sessionStartLimit !== undefined) identifies.configure(sessionStartLimit)
      },
    )
    this.#context = {
      options: this.#options,
      connection: () => ({
        links,
        random,
        compression: compression === 'auto' ? bestCompression(this.#shards.size) : compression,
        maxPayload,
      }),
      identifies,
      info,
      connects: new ConnectLimit(MAX_CONNECTING),
      random,
      presence: () => this.#presence,
    }
    this.#shards = new Shards(this.#context, {
      changed: () => this.#changed(),
      ready: (data, shardId) => guard(() => this.emit('ready', data, shardId)),
      resumed: (resumed) => guard(() => this.emit('resumed', resumed)),
      dispatch: (payload, shardId) => guard(() => this.emit('dispatch', payload, shardId)),
      reconnecting: (reconnecting) => guard(() => this.emit('reconnecting', reconnecting)),
      failed: (error) => this.#failed(error),
      debug: (message, shardId) => this.#debug(message, shardId),
    })
  }

  /** Where it stands, as far as its slowest shard. */
  get state(): GatewayState {
    return this.#state
  }

  /** Milliseconds from a heartbeat to its acknowledgement, the mean of all shards; null before the first. */
  get ping(): number | null {
    const pings = [...this.#shards].flatMap(({ ping }) => (ping === null ? [] : [ping]))
    return pings.length === 0 ? null : pings.reduce((sum, ping) => sum + ping, 0) / pings.length
  }

  /** The session of the first shard, which in most bots is the only one; null while there is none. */
  get session(): GatewaySession | null {
    return this.sessions[0] ?? null
  }

  /** What it takes to resume, for each shard that has a session: plain data for `createGateway({ session })`. */
  get sessions(): readonly GatewaySession[] {
    return this.#shards.sessions
  }

  /** Every shard as it is now; empty before `connect()`. */
  get shards(): readonly ShardStatus[] {
    return [...this.#shards].map(({ status }) => status)
  }

  /**
   * Opens the gateway. Resolves when every shard has its session. A transient fault is tried again, for ever if
   * need be; `close()` ends that.
   *
   * @throws GatewayError for what Discord refuses for good: token (4004), intents (4013, 4014), shards (4010,
   *   4011), version (4012); its hint says what to change. ERR_GATEWAY_CLOSED where `close()` came first
   * @throws TransportError where the proxy's or TLS's configuration has to be changed
   */
  connect(): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') return Promise.reject(closedGateway())
    this.#connecting ??= new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#state = 'connecting'
      this.#shards.open().catch((error: unknown) => this.#failed(error))
    })
    return this.#connecting
  }

  /**
   * Sends a payload, in order, within Discord's limit of 120 a minute, and not before a session stands. One that a
   * connection had not taken when it broke goes to the next.
   *
   * @param shardId default: the first shard
   * @returns a promise that resolves when the socket has taken it
   * @throws GatewayError ERR_GATEWAY_SEND for one that Discord would not take, ERR_GATEWAY_CLOSED
   */
  async send(payload: GatewaySendPayload, shardId?: number): Promise<void> {
    return this.#shards.send(payload.op, payload.d, () => shardId)
  }

  /** Sets the presence, now and for sessions to come. Of several that wait, only the latest is sent. */
  async updatePresence(presence: GatewayPresenceUpdateData, shardId?: number): Promise<void> {
    if (!isPresence(presence))
      throw unsendable(`presence: ${PRESENCE_EXPECTED}`, 'See GatewayPresenceUpdateData.')
    if (shardId === undefined) this.#presence = presence
    const ids = shardId === undefined ? this.#shards.ids : [shardId]
    await Promise.all(ids.map((id) => this.#shards.send(Opcode.PresenceUpdate, presence, () => id)))
  }

  /** Joins, moves in or leaves a voice channel, by the shard of its guild. */
  async updateVoiceState(state: GatewayVoiceStateUpdateData): Promise<void> {
    return this.#shards.send(Opcode.VoiceStateUpdate, state, () => this.shardOf(state.guild_id))
  }

  /** Asks for members of a guild; they come as GUILD_MEMBERS_CHUNK. */
  async requestMembers(request: GatewayRequestGuildMembersData): Promise<void> {
    return this.#shards.send(Opcode.RequestGuildMembers, request, () => this.shardOf(request.guild_id))
  }

  /** Payloads that wait to be sent. */
  get queuedSends(): number {
    return [...this.#shards].reduce((sum, { queuedSends }) => sum + queuedSends, 0)
  }

  /**
   * Which shard a guild belongs to: https://discord.com/developers/docs/events/gateway#sharding
   *
   * @throws GatewayError ERR_GATEWAY_SEND for what is no id
   */
  shardOf(guildId: string): number {
    return this.#shards.idOf(guildId)
  }

  /**
   * Leaves every connection and opens another at once, through whatever proxy the transport has by now. With
   * `resume` no event is lost. Does nothing before `connect()` and after `close()`.
   */
  reconnect({ resume = true, reason = 'a reconnect was asked for' }: GatewayReconnectOptions = {}): void {
    this.#context.info.renew()
    for (const shard of this.#shards) shard.reconnect(reason, resume)
  }

  /**
   * Ends every connection and leaves no timer behind. Resolves when the last socket is closed; what waits to be
   * sent is rejected.
   */
  close({ keepSession = false }: GatewayCloseOptions = {}): Promise<void> {
    return this.#end('close() was called', null, keepSession)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Neither token nor session id. */
  toJSON(): Record<string, unknown> {
    const states: Record<string, number> = {}
    for (const { state } of this.#shards) states[state] = (states[state] ?? 0) + 1
    return { name: 'GatewayClient', state: this.state, ping: this.ping, shards: states }
  }

  [inspect.custom](): Record<string, unknown> {
    return this.toJSON()
  }

  #changed(): void {
    if (this.#closing !== undefined || this.#shards.size === 0) return
    for (const { state } of this.#shards) {
      if (state === 'ready') continue
      if (this.#state === 'ready') this.#state = 'reconnecting'
      return
    }
    this.#state = 'ready'
    this.#settle?.resolve()
  }

  #failed(error: unknown): void {
    const cause = error instanceof Error ? error : new Error(String(error))
    void this.#end(cause.message, cause, false)
  }

  #end(reason: string, error: Error | null, keepSession: boolean): Promise<void> {
    this.#closing ??= this.#close(reason, error, keepSession)
    return this.#closing
  }

  async #close(reason: string, error: Error | null, keepSession: boolean): Promise<void> {
    this.#state = 'closing'
    this.#context.info.close()
    await this.#shards.close(reason, keepSession)
    this.#context.identifies.close()
    this.#state = 'closed'
    this.#settle?.reject(error ?? closedGateway())
    this.#onClosed()
    const { sessions } = this
    guard(() => this.emit('closed', { reason, error, sessions }))
  }

  #debug(message: string, shardId: number | null = null): void {
    guard(() => this.emit('debug', message, shardId))
  }
}

/**
 * A listener that throws must not leave the WebSocket's parser in the middle of a frame: its error surfaces as
 * an uncaught exception all the same, a turn later.
 */
function guard(emit: () => void): void {
  try {
    emit()
  } catch (error) {
    setImmediate(() => {
      throw error instanceof Error ? error : new Error(String(error))
    })
  }
}
