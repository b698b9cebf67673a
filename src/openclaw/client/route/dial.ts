import type { WebSocket } from 'ws'
import type { DiscordTransport } from '../../../index.js'
import type { DirectSockets } from '../../../websocket/direct-sockets.js'
import { liveSocketOptions } from '../../../websocket/live-socket.js'
import type { ClientSettings } from '../options.js'
import { checkAddress, isLoopback } from './address.js'

/** A socket that is being opened, and the proxy that it takes, redacted. */
interface Dialled {
  readonly socket: WebSocket
  readonly proxy: string | null
}

/** An answer of the gateway may be as large as a frame, and its frame has a few bytes more. */
const MAX_RECEIVED = 64 * 1024 * 1024

/**
 * Opens the sockets of a client: to this host directly, because the control plane must work while the proxy does not,
 * and to every other host through the transport. What a connection needs is loaded when it is opened: for this host
 * that is little of the package, and not undici.
 */
export class Dialer {
  readonly #settings: ClientSettings
  /** What was made here. */
  #direct: DirectSockets | undefined
  #environment: DiscordTransport | undefined

  constructor(settings: ClientSettings) {
    this.#settings = settings
  }

  /**
   * Loads what a connection to this URL needs.
   *
   * @param pinned whether the certificate is checked by its fingerprint, and not by its authority
   * @returns opens it
   * @throws TransportError ERR_ROUTE_REFUSED, or ERR_PROXY_CONFIG of a transport from the environment
   */
  async prepare(url: URL, pinned: boolean): Promise<() => Dialled> {
    const { loopback, env, transport, connectTimeoutMs } = this.#settings
    checkAddress(url, loopback, env)
    const options = {
      ...liveSocketOptions(MAX_RECEIVED),
      handshakeTimeout: connectTimeoutMs,
      ...(pinned ? { rejectUnauthorized: false } : {}),
    }
    if (isLoopback(url.hostname) && loopback !== 'proxy') {
      const { DirectSockets } = await import('../../../websocket/direct-sockets.js')
      const direct = (this.#direct ??= new DirectSockets())
      return () => ({ socket: direct.createWebSocket(url, options), proxy: null })
    }
    const used = transport ?? (await this.#fromEnvironment())
    return () => ({
      socket: used.createWebSocket(url, options),
      proxy: used.explain(url.href.replace(/^ws/, 'http')).proxy?.url ?? null,
    })
  }

  async close(): Promise<void> {
    const own = [this.#direct, this.#environment]
    this.#direct = undefined
    this.#environment = undefined
    await Promise.all(own.flatMap((one) => one?.close() ?? []))
  }

  async #fromEnvironment(): Promise<DiscordTransport> {
    const { createDiscordTransport } = await import('../../../index.js')
    const { env } = this.#settings
    return (this.#environment ??= createDiscordTransport({ env, keepWarm: false }))
  }
}
