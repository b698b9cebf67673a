import { inspect } from 'node:util'
import {
  parseOptions,
  replaceProxy,
  resolveProxy,
  sourceName,
  type ProxyDescription,
  type ProxyOption,
  type ProxySource,
  type ResolvedOptions,
  type RoutePolicy,
  type TransportOptions,
} from './config/index.js'
import type { Diagnosis, DiagnoseOptions, ProxyValidation, ValidateOptions } from './doctor/index.js'
import {
  BotAccounts,
  GatewayClient,
  TransportWebSocket,
  logGateway,
  type GatewayClientOptions,
  type GatewayLinks,
  type WebSocketOptions,
} from './gateway/index.js'
import { isDiscordHost, REST_HOST } from './discord/hosts.js'
import type { CarbonGatewayOptions, DiscordTransport, RouteExplanation } from './discord-transport.js'
import { warnOfOldCarbon } from './installed-carbon.js'
import { createFetch, wrapRequestClient, type TransportFetch } from './rest/index.js'
import { TunnelAgent } from './agent/agent.js'
import { TunnelDispatcher } from './dispatcher/dispatcher.js'
import { KeepWarm } from './dispatcher/keep-warm.js'
import {
  callerOfInstall,
  explainInstallation,
  install,
  parseInstallOptions,
  type Installation,
  type InstalledExplanation,
  type InstallOptions,
  type ResolvedInstallOptions,
} from './process/index.js'
import { transportRoutes, type RoutedTransport, type TransportRoutes } from './transport-routes.js'
import { addressOf, closedError, parseUrl, Route, type TransportStats } from './tunnel/index.js'

/**
 * Creates a transport: one proxy URL for the gateway, REST, uploads and downloads.
 *
 * The URL is `options.proxy`, else `OPENCLAW_PROXY_URL`, `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY` or
 * `all_proxy`, the first that is set. Synchronous, and opens no connection.
 *
 * @throws TransportError ERR_PROXY_CONFIG naming every bad option, or the variable that holds no usable URL
 */
export function createDiscordTransport(options: TransportOptions = {}): DiscordTransport {
  return createTransport(options, 'config')
}

/** {@link createDiscordTransport} for a `proxy` that another configuration than the options has set. */
export function createTransport(options: TransportOptions, proxySource: ProxySource): DiscordTransport {
  const resolved = parseOptions(options, proxySource)
  return new Transport(resolveProxy(resolved), resolved)
}

/**
 * Asks an egress proxy whether it lets through what it must, and refuses what it must: what
 * `discord-transport validate` prints, as data. Everything goes through the proxy; no bypass list counts. Never
 * rejects for what the proxy does.
 *
 * @throws TransportError ERR_PROXY_CONFIG for a bad option, or for a URL in `allowedUrls` or `deniedUrls` that is not
 *   valid
 */
export async function validateProxy(options?: ValidateOptions): Promise<ProxyValidation> {
  const doctor = await import('./doctor/index.js')
  return doctor.validateProxy(options)
}

/** A transport, as the routes of an installation that has the process for itself: register. */
export function createRoutes(options: TransportOptions, scope: 'discord' | 'all'): TransportRoutes {
  const resolved = parseOptions(options)
  return new Transport(resolveProxy(resolved), resolved).routes({ scope, noProxy: undefined })
}

/** What `install(input)` would decide about a URL. Nothing is installed: the process may have an installation already. */
export function explainInstall(
  transport: DiscordTransport,
  url: URL,
  input: InstallOptions,
): InstalledExplanation {
  if (!(transport instanceof Transport)) throw new TypeError('createDiscordTransport() did not make it')
  const options = parseInstallOptions(input)
  return explainInstallation(transport.routes(options), options, url)
}

/** Where Carbon, discord.js and the other frameworks send: https://discord.com/developers/docs/reference#api-reference */
const REST_ORIGIN = `https://${REST_HOST}`

class Transport implements DiscordTransport {
  readonly agent: TunnelAgent
  readonly dispatcher: TunnelDispatcher
  readonly fetch: TransportFetch
  readonly #route: Route
  readonly #keepWarm: KeepWarm
  readonly #gateways = new Set<GatewayClient>()
  readonly #installations = new Set<InstalledProcess>()
  readonly #gatewayLinks: GatewayLinks
  #options: ResolvedOptions
  #closing: Promise<void> | undefined

  constructor(policy: RoutePolicy, options: ResolvedOptions) {
    this.#route = new Route(policy, options)
    this.#options = options
    this.#logProxy()
    this.#keepWarm = new KeepWarm(() => this.dispatcher.warm(REST_ORIGIN))
    this.agent = new TunnelAgent(this.#route, options.keepAliveMs)
    this.dispatcher = new TunnelDispatcher(this.#route, {
      maxTunnels: options.maxTunnels,
      keepAliveMs: options.keepAliveMs,
      onEvent: options.onEvent,
      onCold: ({ origin }) => {
        if (origin === REST_ORIGIN) this.#keepWarm.onCold()
      },
    })
    const { onEvent, delivery, connectTimeoutMs, maxFileBytes } = options
    const { closing } = this.#route
    const fetchOptions = { onEvent, delivery, connectTimeoutMs, closing, maxFileBytes }
    this.fetch = createFetch(this.dispatcher, fetchOptions)
    const onProxyReturn: GatewayLinks['onProxyReturn'] = (...waiting) => this.#route.onProxyReturn(...waiting)
    // The gateway waits for the proxy and not for a delay, also where it asks for its URL.
    const gatewayFetch = createFetch(this.dispatcher, { ...fetchOptions, onProxyReturn })
    this.#gatewayLinks = {
      fetch: gatewayFetch,
      createWebSocket: (url, socketOptions) => this.createWebSocket(url, socketOptions),
      via: (url, tcp) => this.#route.via(addressOf(new URL(url)), tcp),
      onProxyReturn,
      accounts: new BotAccounts(),
      env: options.env,
    }
  }

  get gatewayOptions(): CarbonGatewayOptions {
    warnOfOldCarbon('gatewayOptions')
    return { agent: this.agent, webSocketFactory: (url) => this.createWebSocket(url) }
  }

  get requestOptions(): { readonly fetch: TransportFetch } {
    warnOfOldCarbon('requestOptions')
    return { fetch: this.fetch }
  }

  createWebSocket(url: string | URL, options: WebSocketOptions = {}): TransportWebSocket {
    const socket = new TransportWebSocket(url, this.#route, this.agent, options)
    if (this.#options.keepWarm && isDiscordHost(new URL(socket.url).hostname, 'gateway')) {
      socket.once('open', () => socket.once('close', this.#keepWarm.hold()))
    }
    return socket
  }

  createGateway(options: GatewayClientOptions): GatewayClient {
    const gateway: GatewayClient = new GatewayClient(this.#gatewayLinks, options, () =>
      this.#gateways.delete(gateway),
    )
    this.#gateways.add(gateway)
    if (this.#options.log !== undefined) logGateway(gateway, this.#options.log)
    return gateway
  }

  wrapRequestClient<Client extends object>(client: Client): Client {
    return wrapRequestClient(client, this.fetch)
  }

  get proxy(): ProxyDescription | null {
    return this.#route.proxy
  }

  explain(url: string | URL): RouteExplanation {
    const { host, port } = addressOf(parseUrl(url, 'explain()'))
    const explained = this.#route.explain({ host, port })
    if (explained.proxy?.protocol.startsWith('pac+') !== true) return explained
    return { ...explained, reason: `${explained.reason}; its PAC script decides when a connection opens` }
  }

  stats(): TransportStats {
    return this.#route.snapshot()
  }

  async warm(urls: readonly (string | URL)[] = [REST_ORIGIN]): Promise<void> {
    const origins = new Set(urls.map(requestOrigin))
    const attempts = await Promise.allSettled([...origins].map((origin) => this.dispatcher.warm(origin)))
    for (const attempt of attempts) if (attempt.status === 'rejected') throw attempt.reason
  }

  setProxy(proxy: ProxyOption): void {
    const options = replaceProxy(this.#options, proxy)
    this.#route.use(resolveProxy(options), options)
    this.#options = options
    this.#logProxy()
    this.dispatcher.renew()
    this.agent.renew()
    for (const { routes } of this.#installations) routes.changed()
    for (const gateway of this.#gateways)
      gateway.reconnect({ cause: 'proxy-change', reason: 'the proxy was changed' })
  }

  install(input?: InstallOptions): Installation {
    if (this.#closing !== undefined) throw closedError()
    const options = parseInstallOptions(input)
    const routes = this.routes(options)
    const installer = { name: callerOfInstall(), shared: false }
    const installation = install(routes, options, installer)
    this.#installations.add({ installation, routes })
    return installation
  }

  /** What an installation leads connections by. */
  routes(options: Pick<ResolvedInstallOptions, 'noProxy' | 'scope'>): TransportRoutes {
    return transportRoutes(
      {
        ...this.#routed(),
        options: () => this.#options,
        create: (policy, changed) => {
          const transport = new Transport(policy, changed)
          return { ...transport.#routed(), close: () => transport.close() }
        },
      },
      options,
    )
  }

  #routed(): RoutedTransport {
    const { agent, dispatcher, fetch } = this
    const createWebSocket: RoutedTransport['createWebSocket'] = (url, options) =>
      this.createWebSocket(url, options)
    return { agent, dispatcher, fetch, route: this.#route, createWebSocket }
  }

  async diagnose(options?: DiagnoseOptions): Promise<Diagnosis> {
    // Loaded on demand: importing the package must not load it.
    const { diagnose } = await import('./doctor/index.js')
    return diagnose({ policy: this.#route.policy, options: this.#options }, options)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  toJSON(): Record<string, unknown> {
    return { name: 'DiscordTransport', proxy: this.proxy, stats: this.stats() }
  }

  [inspect.custom](): Record<string, unknown> {
    return this.toJSON()
  }

  #logProxy(): void {
    const { proxy } = this
    const { log } = this.#options
    if (proxy === null) log?.('info', this.#route.policy.decide('discord.com', 443).reason)
    else log?.('info', `proxy ${proxy.url} from ${sourceName(proxy.source)}`)
  }

  async #end(): Promise<void> {
    this.#keepWarm.stop()
    for (const { installation } of this.#installations) installation.stop()
    await Promise.all([...this.#gateways].map((gateway) => gateway.close()))
    this.#route.stop()
    // Clients before their sockets: so each fails its requests with the reason that it is given.
    await this.dispatcher.destroy()
    // Before the agent, which would end its sockets without a reason.
    await this.#route.close()
    this.agent.destroy()
    await Promise.all([...this.#installations].map(({ routes }) => routes.close()))
  }
}

/** An installation, and what was made for it. */
interface InstalledProcess {
  readonly installation: Installation
  readonly routes: TransportRoutes
}

function requestOrigin(url: string | URL): string {
  const { origin, protocol } = parseUrl(url, 'warm()')
  if (protocol === 'https:' || protocol === 'http:') return origin
  throw new TypeError(`warm() takes https: and http: URLs, and this one has ${protocol}`)
}
