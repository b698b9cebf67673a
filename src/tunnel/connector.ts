import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import {
  createRedactor,
  secretsOfAuthorization,
  secretsOfProxy,
  type PacEndpoint,
  type ProxyEndpoint,
  type ResolvedOptions,
  type RoutePolicy,
} from '../config/index.js'
import type { Attempt } from './attempt.js'
import { dial, TARGET_PHASES } from './dial.js'
import { nameFailure, timeoutError } from './failures.js'
import { failure, fault, type Via } from './fault.js'
import { openConnectTunnel } from './http/connect-tunnel.js'
import { connectToProxy, ForwardProxy, type ForwardRequest } from './http/forward-proxy.js'
import { proxyAuthorization } from './http/proxy-authorization.js'
import type { OpenedTunnel } from './opened-tunnel.js'
import type { PacScript } from './pac/pac.js'
import type { SocksRequest } from './socks/socks-tunnel.js'
import type { Target } from './target.js'
import type { TlsClient } from './tls.js'

/** A connected socket. `forwardProxy` is set if it ends at a proxy and not at the target. */
export interface Connection {
  readonly socket: Socket
  readonly forwardProxy?: ForwardProxy
}

/** A connection to open. */
export interface ConnectRequest {
  readonly target: Target
  readonly via: Via
  /** Whether the connection can end at an HTTP proxy that forwards plain HTTP requests. */
  readonly forward: boolean
  /** Called with the reason why a connection is direct. */
  readonly onDirect: (reason: string) => void
}

const NO_PROXY = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.no-proxy', 'route.pac.no-proxy.hint')
const PAC_DIRECT = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.direct', 'route.pac.direct.hint')
const SPOKE_FIRST = fault(
  'ERR_PROXY_PROTOCOL',
  'tunnel',
  'route.answer.spoke-first',
  'route.answer.spoke-first.hint',
)

/** Connects to targets by one policy: directly, by the proxy, or by those that a PAC script names. */
export class Connector {
  readonly policy: RoutePolicy
  readonly options: ResolvedOptions
  readonly #proxyTls: TlsClient
  readonly #closing: AbortSignal
  #pac: Promise<PacScript> | undefined

  constructor(policy: RoutePolicy, options: ResolvedOptions, proxyTls: TlsClient, closing: AbortSignal) {
    this.policy = policy
    this.options = options
    this.#proxyTls = proxyTls
    this.#closing = closing
  }

  /** Another connector has replaced this one: its PAC script ends when the calls under way are answered. */
  retire(): void {
    void this.#pac?.then((script) => script.retire())
  }

  async connect(request: ConnectRequest, attempt: Attempt): Promise<Connection> {
    const { target, via } = request
    const proxies = await this.#proxiesFor(target, via, attempt)
    let first: unknown
    for (const [index, proxy] of proxies.entries()) {
      if (proxy === 'direct') return this.#direct(request, attempt)
      if (proxy.redactedUrl === via.proxy) return this.#through(proxy, request, attempt)
      // One of the proxies that a PAC script names.
      const chosen = { ...via, proxy: proxy.redactedUrl }
      const part = attempt.part(proxies.length - index, (phase, ms) => timeoutError(chosen, phase, ms))
      try {
        const connection = await this.#through(proxy, { ...request, via: chosen }, part)
        attempt.own(connection.socket)
        return connection
      } catch (error) {
        const named: unknown = part.signal.aborted
          ? part.signal.reason
          : nameFailure(error, part.phase, chosen)
        part.end(named)
        first ??= named
        if (attempt.signal.aborted || index === proxies.length - 1) throw first
      } finally {
        part.dispose()
      }
    }
    throw failure(NO_PROXY, via, {})
  }

  async #direct({ target, via, onDirect }: ConnectRequest, attempt: Attempt): Promise<Connection> {
    onDirect(
      via.proxy === null
        ? this.policy.decide(target.host, target.port).reason
        : 'the PAC script answers DIRECT',
    )
    return { socket: await dial(target.host, target.port, TARGET_PHASES, attempt) }
  }

  async #proxiesFor(
    target: Target,
    via: Via,
    attempt: Attempt,
  ): Promise<readonly (ProxyEndpoint | 'direct')[]> {
    const { proxy } = this.policy
    if (via.proxy === null || proxy === null) return ['direct']
    if (proxy.kind === 'tunnel') return [proxy]
    const pac = await attempt.step('pac', this.#loadPac(proxy))
    const proxies = await pac.proxiesFor(target, via, attempt)
    if (this.options.required && proxies[0] === 'direct') throw failure(PAC_DIRECT, via, {})
    return proxies
  }

  /** Loaded on demand: importing the package must not load PAC code. */
  #loadPac(proxy: PacEndpoint): Promise<PacScript> {
    this.#pac ??= import('./pac/pac.js').then(
      (pac) => new pac.PacScript(proxy, this.options.proxyTls, this.#closing),
    )
    return this.#pac
  }

  async #through(endpoint: ProxyEndpoint, request: ConnectRequest, attempt: Attempt): Promise<Connection> {
    const { target, via } = request
    const byHttp = endpoint.protocol === 'http' || endpoint.protocol === 'https'
    // With dns: 'local' the proxy gets an address. In an absolute URL it would replace the name in the Host header
    // (RFC 9112 section 3.2.2), so the request takes a tunnel.
    if (byHttp && request.forward && !target.secure && this.options.dns === 'proxy')
      return this.#toForwardProxy(endpoint, target, via, attempt)
    const host = await this.#nameFor(endpoint, target, attempt)
    const tunnel = byHttp
      ? await this.#byConnect(endpoint, { ...target, host }, via, attempt)
      : await this.#bySocks({ endpoint, host, port: target.port, via }, attempt)
    if (tunnel.earlyBytes > 0) throw spokeFirst(tunnel, via)
    return { socket: tunnel.socket }
  }

  async #toForwardProxy(
    endpoint: ProxyEndpoint,
    target: Target,
    via: Via,
    attempt: Attempt,
  ): Promise<Connection> {
    const request = await this.#httpRequest(endpoint, target, via, attempt)
    const socket = await connectToProxy(request, attempt)
    return { socket, forwardProxy: new ForwardProxy(request) }
  }

  /** SOCKS code is loaded on demand. */
  async #bySocks(request: SocksRequest, attempt: Attempt): Promise<OpenedTunnel> {
    const { openSocksTunnel } = await attempt.step('proxy-connect', import('./socks/socks-tunnel.js'))
    return openSocksTunnel(request, attempt)
  }

  async #byConnect(
    endpoint: ProxyEndpoint,
    target: Target,
    via: Via,
    attempt: Attempt,
  ): Promise<OpenedTunnel> {
    const request = await this.#httpRequest(endpoint, target, via, attempt)
    return openConnectTunnel({ ...request, host: target.host, port: target.port }, attempt)
  }

  async #httpRequest(
    endpoint: ProxyEndpoint,
    target: Target,
    via: Via,
    attempt: Attempt,
  ): Promise<ForwardRequest> {
    const authorization = await proxyAuthorization(this.options.proxyAuthorization, endpoint, via, attempt)
    const clean = (text: string): string =>
      createRedactor([...secretsOfProxy(endpoint), ...secretsOfAuthorization(authorization ?? '')])(text)
    return { endpoint, target, authorization, proxyTls: this.#proxyTls, via, clean }
  }

  /** SOCKS4 has no room for a name; every other scheme carries it, unless the options say otherwise. */
  async #nameFor(endpoint: ProxyEndpoint, target: Target, attempt: Attempt): Promise<string> {
    const local = endpoint.protocol === 'socks4' || this.options.dns === 'local'
    if (!local || isIP(target.host) !== 0) return target.host
    const family = endpoint.protocol.startsWith('socks4') ? 4 : 0
    const { address } = await attempt.step('target-dns', lookup(target.host, { family }))
    return address
  }
}

/** Neither a TLS server nor an HTTP server speaks before the client, so these bytes are the proxy's. */
function spokeFirst(tunnel: OpenedTunnel, via: Via): Error {
  tunnel.socket.destroy()
  return failure(SPOKE_FIRST, via, { bytes: tunnel.earlyBytes })
}
