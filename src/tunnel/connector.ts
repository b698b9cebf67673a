import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import type {
  GivenProxy,
  PacEndpoint,
  ProxyEndpoint,
  ResolvedOptions,
  RoutePolicy,
  TlsSettings,
} from '../config/index.js'
import { createRedactor, secretsOfAuthorization, secretsOfProxy } from '../config/redact.js'
import type { Attempt } from './attempt.js'
import { dial, TARGET_PHASES } from './dial.js'
import { failure, fault, type Via } from './fault.js'
import { openConnectTunnel } from './http/connect-tunnel.js'
import { connectToProxy, ForwardProxy, type ForwardRequest } from './http/forward-proxy.js'
import { proxyAuthorization } from './http/proxy-authorization.js'
import type { OpenedTunnel } from './opened-tunnel.js'
import type { PacScript } from './pac/pac.js'
import type { Candidate, ChoiceSettings } from './proxies/choosing.js'
import { ProxyChoice } from './proxies/proxy-choice.js'
import type { SocksRequest } from './socks/socks-tunnel.js'
import type { Target } from './target.js'
import type { TlsClient } from './tls.js'

/** The options of a transport that its connections need. */
export type RouteOptions = Pick<
  ResolvedOptions,
  'required' | 'dns' | 'proxyTls' | 'tls' | 'proxyAuthorization' | 'onDenied' | 'connectTimeoutMs' | 'onEvent'
>

/** A connected socket. `forwardProxy` is set if it ends at a proxy and not at the target. */
export interface Connection {
  readonly socket: Socket
  readonly forwardProxy?: ForwardProxy
  /** The proxy of the configuration that it took, redacted; undefined where it is direct. */
  readonly proxy?: string
  readonly isDirect?: true
}

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

const PAC_DIRECT = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.direct', 'route.pac.direct.hint')
const PAC_DIRECT_IN_LIST = fault(
  'ERR_PROXY_CONFIG',
  'pac',
  'route.pac.direct-in-list',
  'route.pac.direct-in-list.hint',
)
const SPOKE_FIRST = fault(
  'ERR_PROXY_PROTOCOL',
  'tunnel',
  'route.answer.spoke-first',
  'route.answer.spoke-first.hint',
)

/** A proxy of the configuration. */
export interface ListedCandidate extends Candidate {
  readonly listed: GivenProxy
}

/** A proxy that opens tunnels, of the configuration or named by a PAC script of it, with the settings of the former. */
interface TunnelCandidate extends Candidate {
  readonly endpoint: ProxyEndpoint
  readonly listed: GivenProxy
}

/** A connection to open through one proxy. */
interface ProxiedRequest extends ConnectRequest {
  readonly endpoint: ProxyEndpoint
  readonly listed: GivenProxy
}

/** Connects to targets by one policy: directly, or by the proxies of the configuration and those that PAC scripts name. */
export class Connector {
  readonly policy: RoutePolicy
  readonly options: RouteOptions
  readonly choice: ProxyChoice<ListedCandidate>
  readonly candidates: readonly ListedCandidate[]
  readonly #closing: AbortSignal
  readonly #proxyTls: (settings: TlsSettings) => TlsClient
  readonly #scripts = new Map<PacEndpoint, Promise<PacScript>>()

  constructor(
    policy: RoutePolicy,
    options: RouteOptions,
    proxyTls: (settings: TlsSettings) => TlsClient,
    settings: Omit<ChoiceSettings, 'onDenied' | 'connectTimeoutMs'>,
  ) {
    this.policy = policy
    this.options = options
    this.#proxyTls = proxyTls
    this.#closing = settings.closing
    const { onDenied, connectTimeoutMs } = options
    this.candidates = policy.proxies.map((listed, index) => ({
      key: `list ${index}`,
      shown: listed.proxy.redactedUrl,
      address: listed.proxy.kind === 'tunnel' ? listed.proxy : undefined,
      listed,
    }))
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
    const open = async (
      { listed, shown }: ListedCandidate,
      chosen: Via,
      part: Attempt,
      onDirect: () => void,
    ): Promise<Connection> => {
      const { proxy } = listed
      const asked = {
        ...request,
        via: chosen,
        listed,
        onDirect: (reason: string) => {
          onDirect()
          request.onDirect(reason)
        },
      }
      const connection =
        proxy.kind === 'tunnel'
          ? await this.#through({ ...asked, endpoint: proxy }, part)
          : await this.#byScript(proxy, asked, part)
      return connection.isDirect === true ? connection : { ...connection, proxy: shown }
    }
    return this.choice.open({ candidates: this.candidates, target: via.target, open }, attempt)
  }

  async #direct({ target, onDirect }: ConnectRequest, reason: string, attempt: Attempt): Promise<Connection> {
    onDirect(reason)
    return { socket: await dial(target.host, target.port, TARGET_PHASES, attempt), isDirect: true }
  }

  /** By the proxies that a PAC script names. */
  async #byScript(
    endpoint: PacEndpoint,
    request: Omit<ProxiedRequest, 'endpoint'>,
    attempt: Attempt,
  ): Promise<Connection> {
    const { target, via, listed } = request
    const script = await attempt.step('pac', this.#script(endpoint, listed))
    const named = await script.proxiesFor(target, via, attempt)
    if (named === 'direct') {
      if (this.policy.proxies.length > 1) throw failure(PAC_DIRECT_IN_LIST, via, {})
      if (this.options.required) throw failure(PAC_DIRECT, via, {})
      return this.#direct(request, 'the PAC script answers DIRECT', attempt)
    }
    const candidates = named.map((proxy): TunnelCandidate => {
      const { redactedUrl: shown } = proxy
      return { key: `pac ${shown}`, shown, address: proxy, endpoint: proxy, listed }
    })
    const open = (candidate: TunnelCandidate, chosen: Via, part: Attempt): Promise<Connection> =>
      this.#through({ ...request, via: chosen, endpoint: candidate.endpoint }, part)
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

  async #through(request: ProxiedRequest, attempt: Attempt): Promise<Connection> {
    const { endpoint, target, via } = request
    const byHttp = endpoint.protocol === 'http' || endpoint.protocol === 'https'
    // With dns: 'local' the proxy gets an address. In an absolute URL it would replace the name in the Host header
    // (RFC 9112 section 3.2.2), so the request takes a tunnel.
    if (byHttp && request.forward && !target.secure && this.options.dns === 'proxy')
      return this.#toForwardProxy(request, attempt)
    const host = await this.#nameFor(endpoint, target, attempt)
    const tunnel = byHttp
      ? await this.#byConnect({ ...request, target: { ...target, host } }, attempt)
      : await this.#bySocks({ endpoint, host, port: target.port, via }, attempt)
    if (tunnel.earlyBytes > 0 && !request.serverFirst) throw spokeFirst(tunnel, via)
    return { socket: tunnel.socket }
  }

  async #toForwardProxy(proxied: ProxiedRequest, attempt: Attempt): Promise<Connection> {
    const request = await this.#httpRequest(proxied, attempt)
    const socket = await connectToProxy(request, attempt)
    return { socket, forwardProxy: new ForwardProxy(request) }
  }

  /** SOCKS code is loaded on demand. */
  async #bySocks(request: SocksRequest, attempt: Attempt): Promise<OpenedTunnel> {
    const { openSocksTunnel } = await attempt.step('proxy-connect', import('./socks/socks-tunnel.js'))
    return openSocksTunnel(request, attempt)
  }

  async #byConnect(proxied: ProxiedRequest, attempt: Attempt): Promise<OpenedTunnel> {
    const { host, port } = proxied.target
    return openConnectTunnel({ ...(await this.#httpRequest(proxied, attempt)), host, port }, attempt)
  }

  async #httpRequest(
    { endpoint, listed, target, via }: ProxiedRequest,
    attempt: Attempt,
  ): Promise<ForwardRequest> {
    const source = this.policy.source ?? 'config'
    const { proxyAuthorization: given = this.options.proxyAuthorization } = listed
    const { proxyTls = this.options.proxyTls } = listed
    const authorization = await proxyAuthorization(given, { endpoint, source, via }, attempt)
    const clean = (text: string): string =>
      createRedactor([...secretsOfProxy(endpoint), ...secretsOfAuthorization(authorization ?? '')])(text)
    return { endpoint, target, authorization, proxyTls: this.#proxyTls(proxyTls), via, clean }
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
