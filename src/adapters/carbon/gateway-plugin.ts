import type { Client } from '@buape/carbon'
import { GatewayPlugin } from '@buape/carbon/gateway'
import type { GatewayIdentify } from 'discord-api-types/v10'
import type { WebSocket } from 'ws'
import {
  GatewayError,
  TransportError,
  type DiscordTransport,
  type GatewayClientOptions,
  type GatewayFleet,
  type GatewaySession,
} from '../../index.js'
import type { GatewayLimits } from '../gateway-limits.js'
import { requireTransport } from '../transport-option.js'
import { PluginSocket } from './plugin-socket.js'

type Options = ConstructorParameters<typeof GatewayPlugin>[0]
type GatewayInfo = NonNullable<ConstructorParameters<typeof GatewayPlugin>[1]>

/**
 * Carbon's GatewayPluginOptions, the transport that carries them, and the limits of `createGateway()`.
 *
 * `webSocketFactory` is not used: the sockets are the transport's, so that none can go around the proxy. The
 * `reconnect` option maps to the back-off; without `maxAttempts` there is no limit of attempts.
 */
export type ProxyGatewayPluginOptions = Options &
  GatewayLimits & {
    readonly transport: DiscordTransport
    /** The lease of this plugin's shard in a fleet: `ProxyShardingPlugin` gives it. */
    readonly fleet?: GatewayFleet | undefined
  }

/** Members of Carbon's class that this one overrides or fills. Their absence is an error of the constructor. */
const CARBON_METHODS = [
  'connect',
  'createWebSocket',
  'disconnect',
  'handleClose',
  'identify',
  'registerClient',
] as const
const CARBON_FIELDS = ['emitter', 'isConnected', 'monitor', 'options', 'sequence', 'state', 'ws'] as const

/** What `/gateway/bot` answers to bots of every size. */
const DEFAULT_GATEWAY_URL = 'wss://gateway.discord.gg'
/** The bounds of `backoffBaseMs` and `backoffMaxMs`. */
const MAX_BACKOFF_BASE_MS = 60_000
const MAX_BACKOFF_MS = 600_000

interface Outcome {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Carbon's GatewayPlugin on the transport's own gateway client, for Carbon 0.14 to 0.16. It resumes through every
 * outage that Discord's session survives, has a deadline for every silence, and moves with `transport.setProxy()`.
 *
 * A connection that fails is told by an `error` event of Carbon's emitter, and tried again. Without a listener there
 * it is a warning of the process. A failure that no repetition mends (a wrong token, a disallowed intent) stays an
 * uncaught error without a listener, as with Carbon.
 */
export class ProxyGatewayPlugin extends GatewayPlugin {
  readonly #transport: DiscordTransport
  readonly #fleet: GatewayFleet | undefined
  readonly #limits: GatewayLimits
  readonly #reconnect: Options['reconnect']
  /** The answer of /gateway/bot that the user gave. */
  readonly #givenInfo: GatewayInfo | undefined
  #socket: PluginSocket | undefined
  #resumes = false
  /** For `registerClient()`, until the first attempt has ended. */
  #outcome: Outcome | undefined

  /**
   * @param options GatewayPlugin's own options, `transport`, and the limits of `createGateway()`
   * @param gatewayInfo the answer of `/gateway/bot`, if it is known already; it is looked up otherwise
   * @throws TransportError ERR_INVALID_OPTIONS without a transport
   * @throws TypeError for a Carbon without the members that this class needs
   */
  constructor(options: ProxyGatewayPluginOptions, gatewayInfo?: GatewayInfo) {
    const {
      transport,
      fleet,
      gatewayInfoTimeoutMs,
      gatewayReadyTimeoutMs,
      gatewayRuntimeReadyTimeoutMs,
      ...own
    } = options
    // First: Carbon's constructor starts an interval.
    requireTransport(transport)
    super(own, gatewayInfo)
    for (const member of CARBON_METHODS)
      if (typeof Reflect.get(this, member) !== 'function') throw missingMember(member)
    for (const member of CARBON_FIELDS) if (!(member in this)) throw missingMember(member)
    this.#transport = transport
    this.#fleet = fleet
    this.#limits = { gatewayInfoTimeoutMs, gatewayReadyTimeoutMs, gatewayRuntimeReadyTimeoutMs }
    this.#reconnect = options.reconnect
    this.#givenInfo = gatewayInfo
    this.emitter.on('error', (error: unknown) => this.#reportError(error))
  }

  /**
   * Opens the connection. Resolves with the first session, or when the first attempt has failed and another will
   * follow.
   *
   * @throws TransportError if the proxy refuses (credentials, policy), and for a bad limit
   * @throws GatewayError if Discord refuses the bot: token, intents, shard
   */
  override async registerClient(client: Client): Promise<void> {
    // The gateway client looks it up; Carbon would use the global fetch.
    this.gatewayInfo ??= unlimitedInfo(this.options.url ?? DEFAULT_GATEWAY_URL)
    const outcome = new Promise<void>((resolve, reject) => (this.#outcome = { resolve, reject }))
    // It may be rejected while Carbon's own registration is under way.
    outcome.catch(() => undefined)
    await super.registerClient(client)
    await outcome
  }

  override connect(resume = false): void {
    this.#resumes = resume && this.canResume()
    if (this.#resumes) this.#socket?.keepSession()
    super.connect(resume)
  }

  /** Ends the shard for good; its session is kept. Resolves when its socket is closed. */
  async closed(): Promise<void> {
    const ended = this.#socket?.ended()
    this.disconnect()
    await ended
    this.monitor.destroy()
  }

  override disconnect(): void {
    super.disconnect()
    this.#settle()
  }

  protected override createWebSocket(): WebSocket {
    const before = this.#socket?.ended()
    const gateway = this.#transport.createGateway({
      ...this.#identification(),
      ...this.#limits,
      ...backoffOf(this.#reconnect),
      ...this.#knownInfo(),
      ...this.#ownership(),
    })
    const socket = new PluginSocket(gateway, {
      connected: (isConnected) => {
        if (this.#socket !== socket) return
        this.isConnected = isConnected
        if (isConnected) this.#settle()
      },
      heartbeat: (latency) => this.#recordHeartbeat(latency),
      interrupted: (error) => {
        this.monitor.recordReconnect()
        if (error === null || this.#socket !== socket || !isRetryable(error)) return
        socket.emit('error', error)
        this.#settle()
      },
      ended: (error) => {
        if (this.#socket !== socket) return
        this.isConnected = false
        if (error === null) this.#settle()
        else if (this.#outcome === undefined) socket.emit('error', error)
        else this.#settle(error)
      },
    })
    this.#socket = socket
    if (this.#fleet !== undefined) socket.keepSession()
    // Two connections of one session must not be open at one time. A failure is told by the client's events.
    void Promise.resolve(before)
      .then(() => gateway.connect())
      .catch(() => undefined)
    // Carbon uses on, send, close, terminate and readyState alone; 0.14 declares the type of `ws`.
    return socket as unknown as WebSocket
  }

  /** The gateway client reconnects by itself. */
  protected override handleClose(): void {
    this.isConnected = false
  }

  /** The acknowledgement follows, from which Carbon's monitor takes the latency for its metrics and for `ping`. */
  #recordHeartbeat(latency: number): void {
    // `recordHeartbeat()` would mean now. Carbon counts whole milliseconds, and none as no answer.
    Reflect.set(this.monitor, 'lastHeartbeat', Date.now() - Math.max(1, Math.round(latency)))
  }

  /** Carbon's own Identify, with what a subclass changed in it. */
  #identification(): Pick<
    GatewayClientOptions,
    'token' | 'intents' | 'properties' | 'presence' | 'largeThreshold' | 'shards'
  > {
    const { ws } = this
    let text = '{}'
    this.ws = { readyState: OPEN, send: (sent) => (text = sent), close: () => undefined }
    try {
      this.identify()
    } finally {
      this.ws = ws
    }
    const { d } = JSON.parse(text) as GatewayIdentify
    const { token, intents, properties, presence, large_threshold: largeThreshold, shard } = d
    return {
      token,
      intents,
      properties,
      presence,
      largeThreshold,
      shards: shard === undefined ? 1 : [[shard[0]], shard[1]],
    }
  }

  /** In a fleet its session store says what to resume. */
  #ownership(): Pick<GatewayClientOptions, 'session' | 'fleet' | 'shards'> {
    if (this.#fleet === undefined) return { session: this.#resumes ? this.#session() : null }
    return { fleet: this.#fleet, shards: this.options.shard?.[1] ?? 1 }
  }

  #knownInfo(): Pick<GatewayClientOptions, 'gatewayInfo'> {
    if (this.#givenInfo !== undefined) return { gatewayInfo: this.#givenInfo }
    const { url } = this.options
    return url === undefined ? {} : { gatewayInfo: unlimitedInfo(url) }
  }

  #session(): GatewaySession | null {
    const { sessionId, resumeGatewayUrl } = this.state
    const { sequence } = this
    if (sessionId === null || sequence === null) return null
    const [shardId, shardCount] = this.options.shard ?? [0, 1]
    return {
      id: sessionId,
      sequence,
      resumeUrl: resumeGatewayUrl ?? DEFAULT_GATEWAY_URL,
      shardId,
      shardCount,
    }
  }

  #settle(error?: Error): void {
    const outcome = this.#outcome
    this.#outcome = undefined
    if (error === undefined) outcome?.resolve()
    else outcome?.reject(error)
  }

  /** An `error` event without a listener would be thrown out of the client's event, and end the process. */
  #reportError(error: unknown): void {
    if (this.emitter.listenerCount('error') > 1) return
    if (!(error instanceof Error) || !isRetryable(error)) throw error
    process.emitWarning(error)
  }
}

const OPEN = 1

/** For a URL that was not looked up: no limit of starts is known. */
function unlimitedInfo(url: string): GatewayInfo {
  return {
    url,
    shards: 1,
    session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
  }
}

/** Carbon's `reconnect` within the bounds of the gateway client. Carbon's default of 5 attempts is no limit here. */
function backoffOf({ baseDelay, maxDelay, maxAttempts }: NonNullable<Options['reconnect']> = {}): Pick<
  GatewayClientOptions,
  'backoffBaseMs' | 'backoffMaxMs' | 'maxReconnectAttempts'
> {
  const within = (value: number | undefined, max: number): number | undefined =>
    value === undefined || Number.isNaN(value) ? undefined : Math.min(max, Math.max(1, Math.round(value)))
  return {
    backoffBaseMs: within(baseDelay, MAX_BACKOFF_BASE_MS),
    backoffMaxMs: within(maxDelay, MAX_BACKOFF_MS),
    maxReconnectAttempts: maxAttempts === Infinity ? undefined : within(maxAttempts, Number.MAX_SAFE_INTEGER),
  }
}

function isRetryable(error: Error): boolean {
  return (error instanceof TransportError || error instanceof GatewayError) && error.retryable
}

function missingMember(member: string): TypeError {
  return new TypeError(
    `This version of @buape/carbon has no GatewayPlugin.${member}, which discord-transport needs: use 0.14, 0.15 or 0.16.`,
  )
}
