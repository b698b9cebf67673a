import { resolveProxy } from '../config/resolve-proxy.js'
import { createTlsSettings } from '../config/tls-settings.js'
import { TunnelAgent } from '../agent/agent.js'
import { Route } from '../tunnel/index.js'
import { TransportWebSocket, type WebSocketOptions } from './websocket.js'

/** A control plane on this host answers at once; each socket may have its own `handshakeTimeout`. */
const CONNECT_TIMEOUT_MS = 10_000

/**
 * WebSockets without a proxy, for a program that needs nothing else of a transport: neither fetch, and with it undici,
 * nor the checks of its options are loaded for them.
 */
export class DirectSockets {
  readonly #route = new Route(
    resolveProxy({ proxy: false, proxySource: 'config', required: false, env: {}, noProxy: false }),
    {
      required: false,
      dns: 'local',
      proxyTls: createTlsSettings({}, 'proxyTls'),
      tls: createTlsSettings({}, 'tls'),
      proxyAuthorization: undefined,
      onDenied: 'fail',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      onEvent: undefined,
    },
  )
  readonly #agent = new TunnelAgent(this.#route, 0)

  createWebSocket(url: string | URL, options: WebSocketOptions): TransportWebSocket {
    return new TransportWebSocket(url, this.#route, this.#agent, options)
  }

  /** Ends every socket, and resolves when the last one is closed. */
  async close(): Promise<void> {
    await this.#route.close()
    this.#agent.destroy()
  }
}
