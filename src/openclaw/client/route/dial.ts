import type { WebSocket } from 'ws'
import { createDiscordTransport, type DiscordTransport } from '../../../index.js'
import { liveSocketOptions } from '../../../websocket/live-socket.js'
import { checkAddress, isLoopback, type Environment, type LoopbackMode } from './address.js'

export interface DialSettings {
  readonly loopback: LoopbackMode
  readonly env: Environment
  /** For every gateway that is not on this host. */
  readonly transport: DiscordTransport | undefined
  readonly connectTimeoutMs: number
}

/** An answer of the gateway may be as large as a frame, and its frame has a few bytes more. */
const MAX_RECEIVED = 64 * 1024 * 1024

/**
 * Opens the sockets of a client: to this host directly, because the control plane must work while the proxy does not,
 * and to every other host through the transport.
 */
export class Dialer {
  readonly #settings: DialSettings
  /** The transports that were made here. */
  #own: Partial<Record<'direct' | 'environment', DiscordTransport>> = {}

  constructor(settings: DialSettings) {
    this.#settings = settings
  }

  /**
   * @param pinned whether the certificate is checked by its fingerprint, and not by its authority
   * @throws TransportError ERR_ROUTE_REFUSED, or ERR_PROXY_CONFIG of a transport from the environment
   */
  open(url: URL, pinned: boolean): { readonly socket: WebSocket; readonly proxy: string | null } {
    const { loopback, env } = this.#settings
    checkAddress(url, loopback, env)
    const transport = this.#transportFor(url)
    const socket = transport.createWebSocket(url, {
      ...liveSocketOptions(MAX_RECEIVED),
      handshakeTimeout: this.#settings.connectTimeoutMs,
      ...(pinned ? { rejectUnauthorized: false } : {}),
    })
    return { socket, proxy: transport.explain(httpUrl(url)).proxy?.url ?? null }
  }

  async close(): Promise<void> {
    const own = Object.values(this.#own)
    this.#own = {}
    await Promise.all(own.map((transport) => transport.close()))
  }

  #transportFor(url: URL): DiscordTransport {
    const { loopback, env, transport } = this.#settings
    if (isLoopback(url) && (loopback === 'gateway-only' || loopback === 'direct'))
      return (this.#own.direct ??= createDiscordTransport({ proxy: false, env: {}, keepWarm: false }))
    return transport ?? (this.#own.environment ??= createDiscordTransport({ env, keepWarm: false }))
  }
}

function httpUrl(url: URL): URL {
  return new URL(url.href.replace(/^ws/, 'http'))
}
