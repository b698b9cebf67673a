import type { Client } from '@buape/carbon'
import { GatewayPlugin } from '@buape/carbon/gateway'
import { TransportError, type DiscordTransport, type TransportWebSocket } from '../../index.js'
import { lookUpGateway, type GatewayInfo } from './gateway-lookup.js'
import { requireTransport } from '../transport-option.js'

type Options = ConstructorParameters<typeof GatewayPlugin>[0]

/**
 * Carbon's GatewayPluginOptions, and the transport that carries them. A `webSocketFactory` among them is not
 * used: the sockets are the transport's, so that none can go around the proxy.
 */
export type ProxyGatewayPluginOptions = Options & {
  readonly transport: DiscordTransport
  /**
   * Milliseconds that the `/gateway/bot` lookup may take before Discord's default gateway URL is used.
   * @default 30_000
   */
  readonly gatewayInfoTimeoutMs?: number
}

/** What `/gateway/bot` answers to bots of every size. */
const DEFAULT_GATEWAY_URL = 'wss://gateway.discord.gg'

/**
 * Carbon's GatewayPlugin with everything that it opens on a transport: the `/gateway/bot` lookup, which the
 * plugin does with the global fetch whatever its options say, and the socket. Carbon 0.14 to 0.16.
 *
 * A connection that fails for a while, such as during a restart of the proxy, is tried again as the option
 * `reconnect` says. Carbon reports it on its emitter; where nobody listens there it becomes a warning of the
 * process instead of its end. A failure that no repetition mends stays an uncaught error, as with Carbon.
 */
export class ProxyGatewayPlugin extends GatewayPlugin {
  readonly #transport: DiscordTransport
  readonly #gatewayInfoTimeoutMs: number
  #disconnected = false

  /**
   * @param options GatewayPlugin's own options and `transport`
   * @param gatewayInfo the answer of `/gateway/bot`, if it is known already; it is looked up otherwise
   * @throws TransportError ERR_PROXY_CONFIG without a transport
   */
  constructor(
    { transport, gatewayInfoTimeoutMs = 30_000, ...options }: ProxyGatewayPluginOptions,
    gatewayInfo?: GatewayInfo,
  ) {
    // First: Carbon's constructor starts an interval.
    requireTransport(transport)
    super(options, gatewayInfo)
    this.#transport = transport
    this.#gatewayInfoTimeoutMs = gatewayInfoTimeoutMs
    this.emitter.on('error', (error: unknown) => this.#reportError(error))
  }

  /**
   * Looks up the gateway and opens the connection.
   *
   * @throws TransportError if the proxy refuses (credentials, policy); Error if Discord refuses the token
   */
  override async registerClient(client: Client): Promise<void> {
    this.#expectConnection()
    this.gatewayInfo ??= await lookUpGateway({
      transport: this.#transport,
      token: client.options.token,
      timeoutMs: this.#gatewayInfoTimeoutMs,
      fallbackUrl: this.options.url ?? DEFAULT_GATEWAY_URL,
    })
    // disconnect() came while Discord had not answered yet.
    if (this.#disconnected) return
    await super.registerClient(client)
  }

  override connect(resume = false): void {
    this.#expectConnection()
    super.connect(resume)
  }

  override disconnect(): void {
    this.#disconnected = true
    super.disconnect()
  }

  protected override createWebSocket(url: string): TransportWebSocket {
    return this.#transport.createWebSocket(url)
  }

  /** Carbon 0.14 takes a close that its own user asked for as a loss, and would connect again. */
  protected override handleClose(code: number): void {
    if (!this.#disconnected) super.handleClose(code)
  }

  #expectConnection(): void {
    this.#disconnected = false
  }

  /** An `error` event that nobody listens to would be thrown from within the socket, and end the process. */
  #reportError(error: unknown): void {
    if (error instanceof TransportError && error.code === 'ERR_TRANSPORT_CLOSED') this.disconnect()
    if (this.emitter.listenerCount('error') > 1 || this.#disconnected) return
    if (!(error instanceof TransportError && error.retryable)) throw error
    process.emitWarning(error)
  }
}
