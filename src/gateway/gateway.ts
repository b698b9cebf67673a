import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import type {
  GatewayPresenceUpdateData,
  GatewayRequestGuildMembersData,
  GatewaySendPayload,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10'
import { toError } from '../errors.js'
import { Opcode } from '../discord/opcodes.js'
import { ConnectLimit } from '../reconnect/connect-limit.js'
import { guarded } from '../reconnect/guarded.js'
import { bestCompression } from './compression/compression.js'
import type { Emit, GatewayEvents, GatewayState, ShardStatus } from './events.js'
import { closedGateway, GatewayError } from './gateway-error.js'
import { askUser, GatewayLookup, type LookupCall } from './gateway-lookup.js'
import type { GatewayCloseOptions, GatewayReconnectOptions, GatewayShard } from './gateway-shard.js'
import type { IdentifyQueue } from './identify-queue.js'
import type { GatewayLinks } from './links.js'
import type { GatewayClientOptions } from './options/options.js'
import { parseGatewayOptions, type ResolvedGatewayOptions } from './options/parse.js'
import { isPresence, PRESENCE_EXPECTED } from './options/presence.js'
import { unsendable } from './outgoing-payload.js'
import type { GatewaySession } from './session.js'
import type { ShardContext } from './shard-context.js'
import { Shards } from './shards.js'

/** Connections that are being opened at one time, over all shards. */
const MAX_CONNECTING = 32

/**
 * A client of Discord's Gateway v10. It connects and stays connected through the transport's proxy.
 *
 * `connect()` opens it. From then on every fault except a wrong token, intent or shard number is repaired: by a
 * resume if Discord still has the session, by a new session if not. `dispatch` gives every event in order and once.
 */
export class GatewayClient extends EventEmitter<GatewayEvents> implements AsyncDisposable {
  readonly #lookup: GatewayLookup
  readonly #shards: Shards
  readonly #onClosed: () => void
  readonly #isMember: boolean
  #presence: GatewayPresenceUpdateData | undefined
  #state: GatewayState = 'idle'
  #connecting: Promise<void> | undefined
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  #closing: Promise<void> | undefined

  /**
   * @internal `transport.createGateway()` makes them.
   * @param onClosed called when the client has ended, before its `closed` event
   * @throws TransportError ERR_INVALID_OPTIONS, which names every bad option
   */
  constructor(
    links: GatewayLinks,
    options: GatewayClientOptions,
    onClosed: () => void = () => undefined,
    random: () => number = Math.random,
  ) {
    super()
    const resolved = parseGatewayOptions(options, links.env)
    const { gatewayInfoTimeoutMs: timeoutMs, identifyThrottler } = resolved
    const { identifies, lookup } = links.accounts.of(resolved.token(), links.fetch)
    this.#onClosed = onClosed
    this.#isMember = resolved.fleet !== undefined
    this.#presence = resolved.presence
    this.#lookup = lookupOf(resolved, identifies) ?? lookup
    const emit: Emit = (name, ...values) => guarded(() => this.emit(name, ...values))
    const call = (signal: AbortSignal): LookupCall => ({
      signal,
      timeoutMs,
      log: (line) => emit('debug', line, null),
    })
    const context: ShardContext = {
      options: resolved,
      links,
      connection: () => ({
        links,
        random,
        compression:
          resolved.compression === 'auto' ? bestCompression(this.#shards.size) : resolved.compression,
        maxPayload: resolved.maxPayload,
      }),
      identifies,
      throttler: identifyThrottler ?? identifies,
      holds: (shardId) => resolved.fleet?.shardLeases.holds(shardId) ?? true,
      lookUp: async (signal) => {
        const found = await this.#lookup.get(call(signal))
        if (found.session_start_limit !== undefined) identifyThrottler?.configure?.(found.session_start_limit)
        return found
      },
      connects: new ConnectLimit(MAX_CONNECTING),
      random,
      presence: () => this.#presence,
      emit,
    }
    this.#shards = new Shards(context, (signal) => this.#lookup.insist(call(signal)), {
      changed: () => this.#changed(),
      failed: (error) => this.#failed(error),
    })
  }

  /** The state of its slowest shard. */
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

  /** One shard of this client, to watch, reconnect or close it alone; undefined before `connect()`. */
  shard(id: number): GatewayShard | undefined {
    return this.#shards.get(id)
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
  reconnect(options: GatewayReconnectOptions = {}): void {
    this.#lookup.renew()
    for (const shard of this.#shards) shard.reconnect(options)
  }

  /**
   * Ends every connection and leaves no timer behind. Resolves when the last socket is closed; what waits to be
   * sent is rejected.
   */
  close({ keepSession = this.#isMember }: GatewayCloseOptions = {}): Promise<void> {
    return this.#end('close() was called', null, keepSession)
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Neither token nor session id. */
  toJSON(): Record<string, unknown> {
    const states: Record<string, number> = {}
    for (const { state } of this.#shards) states[state] = (states[state] ?? 0) + 1
    return { name: 'GatewayClient', state: this.state, ping: this.ping, shards: states }
  }

  /** The states and the ping; never the token. */
  [inspect.custom](): Record<string, unknown> {
    return this.toJSON()
  }

  #changed(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    if (this.#shards.size === 0 && !this.#isMember) return
    const states = [...this.#shards].map(({ state }) => state)
    const open = states.filter((state) => state !== 'closing' && state !== 'closed')
    if (open.length === 0 && !this.#isMember) {
      if (!states.includes('closing')) void this.#end('every shard was closed', null, true)
    } else if (open.every((state) => state === 'ready') && this.#shards.settled) {
      this.#state = 'ready'
      this.#settle?.resolve()
    } else if (this.#state === 'ready') this.#state = 'reconnecting'
  }

  #failed(error: unknown): void {
    const cause = toError(error)
    // The sessions are well: another client may resume them later, and another member of a fleet will.
    const isLimit = cause instanceof GatewayError && cause.code === 'ERR_GATEWAY_RECONNECT_LIMIT'
    void this.#end(cause.message, cause, isLimit || this.#isMember)
  }

  #end(reason: string, error: Error | null, keepSession: boolean): Promise<void> {
    this.#closing ??= this.#close(reason, error, keepSession)
    return this.#closing
  }

  async #close(reason: string, error: Error | null, keepSession: boolean): Promise<void> {
    this.#state = 'closing'
    await this.#shards.close(reason, keepSession)
    this.#state = 'closed'
    this.#settle?.reject(error ?? closedGateway())
    this.#onClosed()
    const { sessions } = this
    guarded(() => this.emit('closed', { reason, error, sessions }))
  }
}

/** The lookup of the option `gatewayInfo`; undefined if Discord is to be asked. */
function lookupOf(
  { gatewayInfo }: ResolvedGatewayOptions,
  identifies: IdentifyQueue,
): GatewayLookup | undefined {
  if (gatewayInfo === undefined) return undefined
  const isFunction = typeof gatewayInfo === 'function'
  return new GatewayLookup({
    name: 'gatewayInfo',
    ask: isFunction ? (signal) => askUser(gatewayInfo, signal) : () => Promise.resolve(gatewayInfo),
    onAnswer: ({ session_start_limit: limit }) => identifies.configure(limit),
    ...(isFunction ? {} : { freshMs: Infinity }),
  })
}
