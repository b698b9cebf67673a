import type { Client } from '@buape/carbon'
import { GatewayPlugin } from '@buape/carbon/gateway'
import { TransportError, type DiscordTransport, type TransportWebSocket } from '../index.js'

type Options = ConstructorParameters<typeof GatewayPlugin>[0]
type GatewayInfo = NonNullable<ConstructorParameters<typeof GatewayPlugin>[1]>

/** Carbon's GatewayPluginOptions, and the transport that carries them. */
export type ProxyGatewayPluginOptions = Options & {
  readonly transport: DiscordTransport
  /**
   * Milliseconds that the `/gateway/bot` lookup may take before Discord's default gateway URL is used.
   * @default 30_000
   */
  readonly gatewayInfoTimeoutMs?: number
}

const GATEWAY_BOT_URL = 'https://discord.com/api/v10/gateway/bot'

/** https://discord.com/developers/docs/events/gateway#get-gateway-bot names it as the usual answer. */
const DEFAULT_GATEWAY_URL = 'wss://gateway.discord.gg'

/**
 * Carbon's GatewayPlugin with everything that it opens on a transport: the `/gateway/bot` lookup, which the
 * plugin does with the global fetch whatever its options say, and the socket. Carbon 0.14 to 0.16.
 */
export class ProxyGatewayPlugin extends GatewayPlugin {
  readonly #transport: DiscordTransport
  readonly #gatewayInfoTimeoutMs: number

  /**
   * @param options GatewayPlugin's own options and `transport`
   * @param gatewayInfo the answer of `/gateway/bot`, if it is known already; it is looked up otherwise
   */
  constructor(
    { transport, gatewayInfoTimeoutMs = 30_000, ...options }: ProxyGatewayPluginOptions,
    gatewayInfo?: GatewayInfo,
  ) {
    super(options, gatewayInfo)
    this.#transport = transport
    this.#gatewayInfoTimeoutMs = gatewayInfoTimeoutMs
  }

  /**
   * Looks up the gateway and opens the connection.
   *
   * @throws TransportError if the proxy refuses (credentials, policy); Error if Discord refuses the token
   */
  override async registerClient(client: Client): Promise<void> {
    this.gatewayInfo ??= await this.#lookUpGateway(client.options.token)
    return super.registerClient(client)
  }

  protected override createWebSocket(url: string): TransportWebSocket {
    return this.#transport.createWebSocket(url)
  }

  async #lookUpGateway(token: string): Promise<GatewayInfo> {
    try {
      const response = await this.#transport.fetch(GATEWAY_BOT_URL, {
        headers: { Authorization: `Bot ${token}` },
        signal: AbortSignal.timeout(this.#gatewayInfoTimeoutMs),
      })
      if (response.ok) return (await response.json()) as GatewayInfo
      await response.body?.cancel()
      if (response.status !== 429 && response.status < 500) throw refusedLookup(response.status)
    } catch (error) {
      if (!isTransient(error)) throw error
    }
    return {
      url: DEFAULT_GATEWAY_URL,
      shards: 1,
      session_start_limit: { total: 1, remaining: 1, reset_after: 0, max_concurrency: 1 },
    }
  }
}

/** A failure that says nothing about the gateway itself: the connection may well work. */
function isTransient(error: unknown): boolean {
  if (error instanceof TransportError) return error.retryable || error.code === 'ERR_CONNECTION_LOST'
  return error instanceof DOMException && error.name === 'TimeoutError'
}

function refusedLookup(status: number): Error {
  const hint = status === 401 ? ': the token is not valid' : ''
  return new Error(`Discord answered ${status} to ${GATEWAY_BOT_URL}${hint}`)
}
