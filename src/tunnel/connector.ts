import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type {
  GivenProxy,
  PacEndpoint,
  Proxy,
  ProxyEndpoint,
  ResolvedOptions,
  RoutePolicy,
  TlsSettings,
} from '../config/index.js'
import { createRedactor, secretsOfAuthorization, secretsOfProxy } from '../config/redact.js'
import type { Attempt } from './attempt.js'
import { dial } from './dial.js'
import { failure, fault, type Via } from './fault.js'
import { httpProxyAgent, openConnectTunnel } from './http/connect-tunnel.js'
import { connectToProxy, ForwardProxy } from './http/forward-proxy.js'
import { proxyAuthorization } from './http/proxy-authorization.js'
import { loadedOnce, type LoadedOnce } from './loaded-once.js'
import type { PacScript } from './pac/pac.js'
import type { Candidate, ChoiceSettings, Choosing, Connection } from './proxies/choosing.js'
import { ProxyChoice } from './proxies/proxy-choice.js'
import type { HttpProxyRequest, OpenedTunnel, ProxyRequest } from './proxy-request.js'
import type { Target } from './target.js'
import type { TlsClient } from './tls.js'

/** The options of a transport that its connections need. */
export type RouteOptions = Pick<
  ResolvedOptions,
  'required' | 'dns' | 'proxyTls' | 'tls' | 'proxyAuthorization' | 'onDenied' | 'connectTimeoutMs' | 'onEvent'
>

/** A connection to open. */
export interface ConnectRequest {
  readonly target: Target
  readonly via: Via
  /** Whether the connection can end at an HTTP proxy that forwards plain HTTP requests. */
  readonly forward: boolean
  /** Whether the target may send before it is asked. */
  readonly serverFirst: boolean
  /** Called with the reason why a connection is direct. */
  readonly onDirect: (reason: string) => void
}

const PAC_DIRECT = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.direct')
const PAC_DIRECT_IN_LIST = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.direct-in-list')
const SPOKE_FIRST = fault('ERR_PROXY_PROTOCOL', 'tunnel', 'route.answer.spoke-first')

/** A connection to open through a proxy. */
interface ProxiedRequest extends ConnectRequest {
  /** The proxy of the configuration: this one, or the script that named it. */
  readonly listed: GivenProxy
}

/** Connects to targets by one policy: directly, or by the proxies of the configuration and those that PAC scripts name. */
export class Connector {
  readonly choice: ProxyChoice
  readonly candidates: readonly Candidate[]
  readonly #closing: AbortSignal
  readonly #proxyTls: (settings: TlsSettings) => TlsClient
  readonly #scripts = new Map<PacEndpoint, Promise<PacScript>>()

  constructor(
    readonly policy: RoutePolicy,
    readonly options: RouteOptions,
    proxyTls: (settings: TlsSettings) => TlsClient,
    settings: Omit<ChoiceSettings, 'onDenied' | 'connectTimeoutMs'>,
  ) {
    this.#proxyTls = proxyTls
    this.#closing = settings.closing
    const { onDenied, connectTimeoutMs } = options
    this.candidates = policy.proxies.map((listed, index) => {
      return { key: `list ${index}`, proxy: listed.proxy, listed }
    })
    for (const { proxy } of policy.proxies) if (proxy.kind === 'tunnel') codeFor(proxy).begin()
    this.choice = new ProxyChoice(this.candidates, { ...settings, onDenied, connectTimeoutMs })
  }

  /** Another connector has replaced this one: its PAC scripts end when the calls under way are answered. */
  retire(): void {
    this.choice.retire()
    for (const script of this.#scripts.values()) void script.then((loaded) => loaded.retire())
  }

  async connect(request: ConnectRequest, attempt: Attempt): Promise<Connection> {
    const { target, via } = request
    if (via.proxy === null) {
      const { reason } = this.policy.decide(target.host, target.port)
      return this.#direct(request, reason, attempt)
    }
    const open: Choosing['open'] = async ({ proxy, listed }, chosen, part, onDirect) => {
      const asked = {
        ...request,
        via: chosen,
        listed,
        onDirect: (reason: string) => {
          onDirect()
          request.onDirect(reason)
        },
      }
      const connection = await this.#through(proxy, asked, part)
      return connection.isDirect === true ? connection : { ...connection, proxy: proxy.redactedUrl }
    }
    return this.choice.open({ candidates: this.candidates, target: via.target, open }, attempt)
  }

  async #direct({ target, onDirect }: ConnectRequest, reason: string, attempt: Attempt): Promise<Connection> {
    onDirect(reason)
    return { socket: await dial(target, undefined, attempt), isDirect: true }
  }

  #through(proxy: Proxy, request: ProxiedRequest, attempt: Attempt): Promise<Connection> {
    return proxy.kind === 'pac'
      ? this.#byScript(proxy, request, attempt)
      : this.#byProxy(proxy, request, attempt)
  }

  /** By the proxies that a PAC script names. */
  async #byScript(proxy: PacEndpoint, request: ProxiedRequest, attempt: Attempt): Promise<Connection> {
    const { target, via, listed } = request
    const script = await attempt.step('pac', this.#script(proxy, listed))
    const named = await script.proxiesFor(target, via, attempt)
    if (named === 'direct') {
      if (this.policy.proxies.length > 1) throw failure(PAC_DIRECT_IN_LIST, via, {})
      if (this.options.required) throw failure(PAC_DIRECT, via, {})
      return this.#direct(request, 'the PAC script answers DIRECT', attempt)
    }
    const candidates = named.map((each) => ({ key: `pac ${each.redactedUrl}`, proxy: each, listed }))
    const open: Choosing['open'] = (candidate, chosen, part) =>
      this.#through(candidate.proxy, { ...request, via: chosen }, part)
    return this.choice.open({ candidates, target: via.target, open }, attempt)
  }

  /** Loaded on demand: importing the package must not load PAC code. */
  #script(proxy: PacEndpoint, { proxyTls = this.options.proxyTls }: GivenProxy): Promise<PacScript> {
    let script = this.#scripts.get(proxy)
    if (script === undefined) {
      script = import('./pac/pac.js').then((pac) => new pac.PacScript(proxy, proxyTls, this.#closing))
      this.#scripts.set(proxy, script)
    }
    return script
  }

  async #byProxy(endpoint: ProxyEndpoint, request: ProxiedRequest, attempt: Attempt): Promise<Connection> {
    const { target, via, listed } = request
    const byHttp = endpoint.protocol === 'http' || endpoint.protocol === 'https'
    // With dns: 'local' the proxy gets an address. In an absolute URL it would replace the name in the Host header
    // (RFC 9112 section 3.2.2), so the request takes a tunnel.
    const forward = byHttp && request.forward && !target.secure && this.options.dns === 'proxy'
    const host = forward ? target.host : await this.#nameFor(endpoint, target, attempt)
    const asked = { endpoint, target: { ...target, host }, via }
    const http = byHttp ? await this.#httpRequest(asked, listed, attempt) : undefined
    if (http !== undefined && forward)
      return { socket: await connectToProxy(http, attempt), forwardProxy: new ForwardProxy(http) }
    const opening = http === undefined ? bySocks(asked, attempt) : openConnectTunnel(http, attempt)
    const tunnel = await opening
    if (tunnel.earlyBytes > 0 && !request.serverFirst) throw spokeFirst(tunnel, via)
    return { socket: tunnel.socket }
  }

  async #httpRequest(
    asked: ProxyRequest,
    { proxyTls, proxyAuthorization: given }: GivenProxy,
    attempt: Attempt,
  ): Promise<HttpProxyRequest> {
    const { endpoint, via } = asked
    const { options, policy } = this
    const asking = { endpoint, source: policy.source ?? 'config', via }
    const authorization = await proxyAuthorization(given ?? options.proxyAuthorization, asking, attempt)
    const clean = (text: string): string =>
      createRedactor([...secretsOfProxy(endpoint), ...secretsOfAuthorization(authorization ?? '')])(text)
    return { ...asked, authorization, proxyTls: this.#proxyTls(proxyTls ?? options.proxyTls), clean }
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

/** What a proxy needs is loaded while the program does something else: a first send would wait for it. */
function codeFor({ protocol }: ProxyEndpoint): Pick<LoadedOnce<unknown>, 'begin'> {
  return protocol === 'http' || protocol === 'https' ? httpProxyAgent : socksTunnel
}

const socksTunnel = loadedOnce(() => import('./socks/socks-tunnel.js'))

async function bySocks(request: ProxyRequest, attempt: Attempt): Promise<OpenedTunnel> {
  const { openSocksTunnel } = await socksTunnel.within(attempt)
  return openSocksTunnel(request, attempt)
}

/** Neither a TLS server nor an HTTP server speaks before the client, so these bytes are the proxy's. */
function spokeFirst(tunnel: OpenedTunnel, via: Via): Error {
  tunnel.socket.destroy()
  return failure(SPOKE_FIRST, via, { bytes: tunnel.earlyBytes })
}
