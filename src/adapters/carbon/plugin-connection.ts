import type { GatewayPlugin } from '@buape/carbon/gateway'
import type { GatewayIdentify } from 'discord-api-types/v10'
import type { GatewayClientOptions, GatewaySession } from '../../index.js'
import { limitsOf } from '../gateway-limits.js'
import {
  backoffOf,
  DEFAULT_GATEWAY_URL,
  isRetryable,
  unlimitedInfo,
  type GatewayInfo,
  type ProxyGatewayPluginOptions,
} from './plugin-options.js'
import { PluginSocket } from './plugin-socket.js'

/** What a plugin shows of the members that Carbon keeps to its subclasses. */
export interface PluginMembers {
  readonly monitor: object & { readonly recordReconnect: () => void }
  readonly emitter: NodeJS.EventEmitter
  readonly resumable: () => { readonly sessionId: string | null; readonly resumeGatewayUrl: string | null }
  /** Carbon's own Identify, with what a subclass changed in it. */
  readonly identification: () => GatewayIdentify['d']
}

interface Outcome {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The gateway client of one plugin of Carbon: opened by the plugin's sockets, and told to its members. */
export class PluginConnection {
  readonly #plugin: GatewayPlugin
  readonly #members: PluginMembers
  readonly #options: ProxyGatewayPluginOptions
  /** The answer of /gateway/bot that the user gave. */
  readonly #givenInfo: GatewayInfo | undefined
  #socket: PluginSocket | undefined
  #resumes = false
  /** For `registerClient()`, until the first attempt has ended. */
  #outcome: Outcome | undefined

  constructor(
    plugin: GatewayPlugin,
    members: PluginMembers,
    options: ProxyGatewayPluginOptions,
    givenInfo: GatewayInfo | undefined,
  ) {
    this.#plugin = plugin
    this.#members = members
    this.#options = options
    this.#givenInfo = givenInfo
    members.emitter.on('error', (error: unknown) => this.#reportError(error))
  }

  /** Registers, and resolves with the first session, or when the first attempt has failed and another will follow. */
  async untilSettled(register: () => Promise<void>): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => (this.#outcome = { resolve, reject }))
    // It may be rejected while Carbon's own registration is under way.
    outcome.catch(() => undefined)
    await register()
    await outcome
  }

  /** @param resumes whether the next socket goes on with the session of this one */
  prepare(resumes: boolean): void {
    this.#resumes = resumes
    if (resumes) this.#socket?.keepSession()
  }

  /** Resolves when no connection is open any more; its session is kept. */
  async ended(): Promise<void> {
    await this.#socket?.ended()
  }

  open(): PluginSocket {
    const before = this.#socket?.ended()
    const { transport, fleet, reconnect } = this.#options
    const gateway = transport.createGateway({
      ...identity(this.#members.identification()),
      ...limitsOf(this.#options),
      ...backoffOf(reconnect),
      ...this.#knownInfo(),
      ...this.#ownership(),
    })
    const socket = new PluginSocket(gateway, {
      connected: (isConnected) => {
        if (this.#socket !== socket) return
        this.#plugin.isConnected = isConnected
        if (isConnected) this.settle()
      },
      heartbeat: (latency) => this.#recordHeartbeat(latency),
      interrupted: (error) => {
        this.#members.monitor.recordReconnect()
        if (error === null || this.#socket !== socket || !isRetryable(error)) return
        socket.emit('error', error)
        this.settle()
      },
      ended: (error) => {
        if (this.#socket !== socket) return
        this.#plugin.isConnected = false
        if (error === null) this.settle()
        else if (this.#outcome === undefined) socket.emit('error', error)
        else this.settle(error)
      },
    })
    this.#socket = socket
    if (fleet !== undefined) socket.keepSession()
    // Two connections of one session must not be open at one time. A failure is told by the client's events.
    void Promise.resolve(before)
      .then(() => gateway.connect())
      .catch(() => undefined)
    return socket
  }

  settle(error?: Error): void {
    const outcome = this.#outcome
    this.#outcome = undefined
    if (error === undefined) outcome?.resolve()
    else outcome?.reject(error)
  }

  /** The acknowledgement follows, from which Carbon's monitor takes the latency for its metrics and for `ping`. */
  #recordHeartbeat(latency: number): void {
    // `recordHeartbeat()` would mean now. Carbon counts whole milliseconds, and none as no answer.
    Reflect.set(this.#members.monitor, 'lastHeartbeat', Date.now() - Math.max(1, Math.round(latency)))
  }

  /** In a fleet its session store says what to resume. */
  #ownership(): Pick<GatewayClientOptions, 'session' | 'fleet' | 'shards'> {
    const { fleet } = this.#options
    if (fleet === undefined) return { session: this.#resumes ? this.#session() : null }
    return { fleet, shards: this.#plugin.options.shard?.[1] ?? 1 }
  }

  #knownInfo(): Pick<GatewayClientOptions, 'gatewayInfo'> {
    if (this.#givenInfo !== undefined) return { gatewayInfo: this.#givenInfo }
    const { url } = this.#plugin.options
    return url === undefined ? {} : { gatewayInfo: unlimitedInfo(url) }
  }

  #session(): GatewaySession | null {
    const { sessionId, resumeGatewayUrl } = this.#members.resumable()
    const { sequence, options } = this.#plugin
    if (sessionId === null || sequence === null) return null
    const [shardId, shardCount] = options.shard ?? [0, 1]
    return {
      id: sessionId,
      sequence,
      resumeUrl: resumeGatewayUrl ?? DEFAULT_GATEWAY_URL,
      shardId,
      shardCount,
    }
  }

  /** An `error` event without a listener would be thrown out of the client's event, and end the process. */
  #reportError(error: unknown): void {
    if (this.#members.emitter.listenerCount('error') > 1) return
    if (!(error instanceof Error) || !isRetryable(error)) throw error
    process.emitWarning(error)
  }
}

function identity(
  identify: GatewayIdentify['d'],
): Pick<GatewayClientOptions, 'token' | 'intents' | 'properties' | 'presence' | 'largeThreshold' | 'shards'> {
  const { token, intents, properties, presence, large_threshold: largeThreshold, shard } = identify
  return {
    token,
    intents,
    properties,
    presence,
    largeThreshold,
    shards: shard === undefined ? 1 : [[shard[0]], shard[1]],
  }
}
