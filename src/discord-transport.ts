import type { Agent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { Dispatcher } from 'undici'
import type { ProxyDescription, ProxyOption } from './config/index.js'
import type { Diagnosis, DiagnoseOptions } from './doctor/index.js'
import type {
  GatewayClient,
  GatewayClientOptions,
  TransportWebSocket,
  WebSocketOptions,
} from './gateway/index.js'
import type { Installation, InstallOptions } from './process/index.js'
import type { TransportFetch } from './rest/index.js'
import type { TransportStats } from './tunnel/index.js'

/** Where a URL would go. */
export interface RouteExplanation {
  readonly route: 'proxy' | 'direct'
  /** Why, fit to print. */
  readonly reason: string
  /** The proxy that would carry it; null on a direct route. */
  readonly proxy: ProxyDescription | null
}

/** What Carbon's GatewayPlugin takes among its options (0.15 and later). */
export interface CarbonGatewayOptions {
  readonly agent: Agent
  /** Opens a gateway WebSocket on the transport. */
  readonly webSocketFactory: (url: string) => TransportWebSocket
}

/** One proxy (or none), and everything that a Discord bot sends through it. */
export interface DiscordTransport extends AsyncDisposable {
  /**
   * The proxy in use, redacted; null when every connection is direct. Of a list, the one that new connections take: the
   * first that works.
   */
  readonly proxy: ProxyDescription | null
  /**
   * For `ws`, `node:http`, `node:https`, axios, got: anything that takes an http.Agent. The type is that of got's
   * option.
   */
  readonly agent: HttpsAgent
  /** For undici 7 and anything that takes its Dispatcher. */
  readonly dispatcher: Dispatcher
  /**
   * A drop-in fetch. Takes the global and undici's FormData, Request, Headers, Blob and File, streams and
   * AbortSignal; answers with a global Response. Rejects with a TransportError where the route fails and with
   * the signal's own reason where it was aborted. Repeats what fails as the option `delivery` says. https://fetch.spec.whatwg.org/#fetch-method
   */
  readonly fetch: TransportFetch
  /**
   * Spread into Carbon's GatewayPlugin options (0.15 and later): `new GatewayPlugin({ ...gatewayOptions, intents })`.
   * Where an older Carbon is installed, which would ignore them, a warning of the process says so.
   */
  readonly gatewayOptions: CarbonGatewayOptions
  /**
   * Spread into Carbon's RequestClient options, or into `requestOptions` of its Client (0.15 and later). Where an
   * older Carbon is installed, which would ignore them, a warning of the process says so.
   */
  readonly requestOptions: { readonly fetch: TransportFetch }
  /**
   * A `ws` WebSocket on the agent. Its `error` event carries a TransportError.
   *
   * @param url `wss:` or `ws:`
   * @throws SyntaxError for a URL that no WebSocket can have
   */
  createWebSocket(url: string | URL, options?: WebSocketOptions): TransportWebSocket
  /**
   * A client of Discord's gateway through this transport; `connect()` opens it. `setProxy()` moves it by a
   * resume, `close()` closes it.
   *
   * @throws TransportError ERR_INVALID_OPTIONS, which names every bad option
   */
  createGateway(options: GatewayClientOptions): GatewayClient
  /**
   * Makes an existing Carbon RequestClient (0.15, 0.16) send through this transport from now on.
   *
   * @returns the same client
   * @throws TransportError ERR_PROXY_CONFIG for a client that takes no fetch (Carbon 0.14)
   */
  wrapRequestClient<Client extends object>(client: Client): Client
  /**
   * Says where a URL would go and why. Opens nothing and looks nothing up; what a PAC script answers is
   * known only when a connection opens.
   *
   * @throws TypeError for what is not a URL
   */
  explain(url: string | URL): RouteExplanation
  /** Counters since creation. */
  stats(): TransportStats
  /**
   * Opens tunnel and TLS ahead of the first send, one for each origin that has none.
   *
   * @param urls `https:` or `http:`; default: Discord's REST API
   * @throws TypeError for any other URL, and then nothing is opened
   * @throws TransportError of the first tunnel that cannot be opened, when all attempts have ended
   */
  warm(urls?: readonly (string | URL)[]): Promise<void>
  /**
   * From now on through another proxy, through a list of them, or through none for `false`. New tunnels take it at once, requests under
   * way end where they are. Every other option stays; the environment is not asked again.
   *
   * @throws TransportError ERR_PROXY_CONFIG, for a blank URL too; then nothing has changed
   */
  setProxy(proxy: ProxyOption): void
  /**
   * Leads the connections of the whole process through this transport, until `stop()` of what it gives back, or
   * `close()`: fetch, undici, node:http, node:https, WebSockets, node:net, node:tls, node:http2.
   *
   * @throws TransportError ERR_INVALID_OPTIONS, which names every bad option; ERR_ALREADY_INSTALLED while another
   *   installation is active
   */
  install(options?: InstallOptions): Installation
  /**
   * Tries every hop to Discord over connections of its own, and says which one fails, why, and what to try:
   * what `discord-transport doctor` prints, as data. Never later than `timeoutMs`.
   *
   * @throws the reason of `options.signal`
   */
  diagnose(options?: DiagnoseOptions): Promise<Diagnosis>
  /**
   * Ends every tunnel, WebSockets included. What is under way fails with ERR_TRANSPORT_CLOSED; resolves when
   * the last socket is closed.
   *
   * A process may also end without it: idle tunnels of either face do not keep it alive, an open WebSocket does.
   */
  close(): Promise<void>
}
