import { lookup } from 'node:dns/promises'
import { setMaxListeners } from 'node:events'
import { isIP, type Socket } from 'node:net'
import {
  createRedactor,
  sanitizeForeignText,
  secretsOfAuthorization,
  secretsOfProxy,
  type PacEndpoint,
  type ProxyEndpoint,
  type ResolvedOptions,
  type RoutePolicy,
  type TransportEvent,
} from '../config/index.js'
import { TransportError, type TransportPhase } from '../errors.js'
import { Attempt } from './attempt.js'
import { openConnectTunnel } from './http/connect-tunnel.js'
import { dial, TARGET_PHASES } from './dial.js'
import { closedError, failure, nameFailure, timeoutError, type Hop } from './failures.js'
import type { OpenedTunnel } from './opened-tunnel.js'
import type { PacScript } from './pac/pac.js'
import { proxyAuthorization } from './http/proxy-authorization.js'
import type { SocksRequest } from './socks/socks-tunnel.js'
import { StatsCounter } from './stats.js'
import { authority, normalizeTarget, type Target } from './target.js'
import { TlsClient } from './tls.js'

/** A host name has at most 253 characters. */
const MAX_SHOWN_TARGET = 300

/** How one tunnel's opening is bounded. */
export interface TunnelLimits {
  readonly signal?: AbortSignal
  /** Milliseconds; the transport's `connectTimeoutMs` when absent. */
  readonly timeoutMs?: number
  /** Told whenever a step begins, for those who measure. */
  readonly onPhase?: (phase: TransportPhase) => void
}

/**
 * The one way out. Everything that this library sends goes through a socket from {@link Route.openTunnel},
 * so that the gateway and REST cannot disagree about the proxy, DNS, deadlines or the names of failures.
 */
export class Route {
  readonly stats = new StatsCounter()
  #policy: RoutePolicy
  #options: ResolvedOptions
  readonly #proxyTls: TlsClient
  readonly #targetTls: TlsClient
  readonly #closing = new AbortController()
  /** Each open connection, and what the caller holds of it: TLS to the destination, or the connection itself. */
  readonly #open = new Map<Socket, Socket>()
  #pac: Promise<PacScript> | undefined

  constructor(policy: RoutePolicy, options: ResolvedOptions) {
    // Each tunnel being opened listens; their number is limited elsewhere.
    setMaxListeners(0, this.#closing.signal)
    this.#policy = policy
    this.#options = options
    this.#proxyTls = new TlsClient(options.proxyTls)
    this.#targetTls = new TlsClient(options.tls)
  }

  /** Which proxy is in use, and for which destinations. */
  get policy(): RoutePolicy {
    return this.#policy
  }

  /** Opens every tunnel from now on by another policy; those that stand are left alone. */
  use(policy: RoutePolicy, options: ResolvedOptions): void {
    this.#policy = policy
    this.#options = options
    void this.#pac?.then((script) => script.retire())
    this.#pac = undefined
  }

  /** Milliseconds for everything up to a usable socket. */
  get connectTimeoutMs(): number {
    return this.#options.connectTimeoutMs
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Aborted with an ERR_TRANSPORT_CLOSED when the route stops. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** What a failure beyond the tunnel is about. */
  hop(target: Pick<Target, 'host' | 'port'>): Hop {
    const direct = this.policy.decide(target.host, target.port).route === 'direct'
    return {
      proxy: direct ? null : (this.policy.proxy?.redactedUrl ?? null),
      target: sanitizeForeignText(authority(target), MAX_SHOWN_TARGET),
    }
  }

  /**
   * A connected socket to the target, by the proxy or directly as the policy says, with TLS where the target
   * wants it. Rejects with a TransportError, or with `signal`'s own reason; never later than
   * `connectTimeoutMs`, and then without a socket, timer or listener left behind.
   */
  async openTunnel(
    asked: Target,
    { signal, timeoutMs = this.connectTimeoutMs, onPhase }: TunnelLimits = {},
  ): Promise<Socket> {
    const hop = this.hop(asked)
    const startedAt = performance.now()
    const attempt = new Attempt({
      timeoutMs,
      signals: signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal],
      onTimeout: (phase) => timeoutError(hop, phase, timeoutMs),
      onPhase,
    })
    try {
      attempt.signal.throwIfAborted()
      const target = normalizeTarget(asked)
      if (target === undefined) throw impossibleTarget(hop)
      const wire = await this.#connect(target, hop, attempt)
      const socket = target.secure ? await this.#targetTls.upgrade(wire, target, attempt) : wire
      this.#track(wire, socket, hop, startedAt)
      return socket
    } catch (error) {
      // An attempt that was ended early has its reason: a named failure, or the caller's own.
      const named: unknown = attempt.signal.aborted
        ? attempt.signal.reason
        : nameFailure(error, attempt.phase, hop)
      attempt.end(named)
      this.#report(named, hop, startedAt)
      throw named
    } finally {
      attempt.dispose()
    }
  }

  /**
   * Gives up every tunnel that is being opened, and opens no more.
   *
   * @returns what everything fails with that this ends
   */
  stop(): Error {
    const reason = closedError()
    this.#closing.abort(reason)
    return reason
  }

  /** Ends every tunnel, and resolves when the last socket is closed. */
  async close(): Promise<void> {
    const reason = this.stop()
    const closed = [...this.#open.keys()].map(
      (wire) => new Promise<void>((resolve) => wire.once('close', () => resolve())),
    )
    for (const socket of this.#open.values()) socket.destroy(reason)
    await Promise.all(closed)
  }

  /** Loaded on demand: importing the package must not load PAC code. */
  #loadPac(proxy: PacEndpoint): Promise<PacScript> {
    const { proxyTls } = this.#options
    this.#pac ??= import('./pac/pac.js').then(
      (pac) => new pac.PacScript(proxy, proxyTls, this.#closing.signal),
    )
    return this.#pac
  }

  async #connect(target: Target, hop: Hop, attempt: Attempt): Promise<Socket> {
    const proxies = await this.#proxiesFor(target, hop, attempt)
    let first: unknown
    for (const [index, proxy] of proxies.entries()) {
      if (proxy === 'direct') {
        const reason =
          hop.proxy === null
            ? this.#policy.decide(target.host, target.port).reason
            : 'the PAC script answers DIRECT'
        this.#emit({ type: 'direct', target: hop.target, reason })
        return dial(target.host, target.port, TARGET_PHASES, attempt)
      }
      if (proxy.redactedUrl === hop.proxy) return this.#through(proxy, target, hop, attempt)
      // One of those that a PAC script names.
      const via = { ...hop, proxy: proxy.redactedUrl }
      const part = attempt.part(proxies.length - index, (phase, ms) => timeoutError(via, phase, ms))
      try {
        return attempt.own(await this.#through(proxy, target, via, part))
      } catch (error) {
        const named: unknown = part.signal.aborted ? part.signal.reason : nameFailure(error, part.phase, via)
        part.end(named)
        first ??= named
        if (attempt.signal.aborted || index === proxies.length - 1) throw first
      } finally {
        part.dispose()
      }
    }
    throw failure('ERR_PROXY_CONFIG', 'pac', 'The PAC script names no usable proxy', undefined, hop, {
      hint: 'Look at what FindProxyForURL returns for this destination.',
      retryable: false,
    })
  }

  async #proxiesFor(
    target: Target,
    hop: Hop,
    attempt: Attempt,
  ): Promise<readonly (ProxyEndpoint | 'direct')[]> {
    const { proxy } = this.policy
    if (hop.proxy === null || proxy === null) return ['direct']
    if (proxy.kind === 'tunnel') return [proxy]
    const script = await attempt.step('pac', this.#loadPac(proxy))
    const proxies = await script.proxiesFor(target, hop, attempt)
    if (this.#options.required && proxies[0] === 'direct') {
      throw failure(
        'ERR_PROXY_CONFIG',
        'pac',
        `The PAC script sends ${hop.target} DIRECT, but a proxy is required`,
        undefined,
        hop,
        {
          hint: 'Let the script name a proxy for this destination, or drop the option required.',
          retryable: false,
        },
      )
    }
    return proxies
  }

  async #through(endpoint: ProxyEndpoint, target: Target, hop: Hop, attempt: Attempt): Promise<Socket> {
    const host = await this.#nameFor(endpoint, target, attempt)
    const tunnel =
      endpoint.protocol === 'http' || endpoint.protocol === 'https'
        ? await this.#byConnect(endpoint, host, target, hop, attempt)
        : await this.#bySocks({ endpoint, host, port: target.port, hop }, attempt)
    if (tunnel.earlyBytes > 0) throw spokeFirst(tunnel, hop)
    return tunnel.socket
  }

  /** SOCKS code is loaded on demand. */
  async #bySocks(request: SocksRequest, attempt: Attempt): Promise<OpenedTunnel> {
    const { openSocksTunnel } = await attempt.step('proxy-connect', import('./socks/socks-tunnel.js'))
    return openSocksTunnel(request, attempt)
  }

  async #byConnect(
    endpoint: ProxyEndpoint,
    host: string,
    target: Target,
    hop: Hop,
    attempt: Attempt,
  ): Promise<OpenedTunnel> {
    const authorization = await proxyAuthorization(this.#options.proxyAuthorization, endpoint, hop, attempt)
    const clean = (text: string): string =>
      createRedactor([...secretsOfProxy(endpoint), ...secretsOfAuthorization(authorization ?? '')])(text)
    return openConnectTunnel(
      { endpoint, host, port: target.port, authorization, proxyTls: this.#proxyTls, hop, clean },
      attempt,
    )
  }

  /** SOCKS4 has no room for a name; every other scheme carries it, unless the options say otherwise. */
  async #nameFor(endpoint: ProxyEndpoint, target: Target, attempt: Attempt): Promise<string> {
    const local = endpoint.protocol === 'socks4' || this.#options.dns === 'local'
    if (!local || isIP(target.host) !== 0) return target.host
    const family = endpoint.protocol.startsWith('socks4') ? 4 : 0
    const { address } = await attempt.step('target-dns', lookup(target.host, { family }))
    return address
  }

  #track(wire: Socket, socket: Socket, hop: Hop, startedAt: number): void {
    this.stats.tunnelOpened(wire)
    this.#open.set(wire, socket)
    wire.once('close', () => {
      this.#open.delete(wire)
      this.#emit({
        type: 'tunnel-close',
        ...hop,
        bytesSent: wire.bytesWritten,
        bytesReceived: wire.bytesRead,
      })
    })
    this.#emit({ type: 'tunnel-open', ...hop, ms: performance.now() - startedAt })
  }

  #report(error: unknown, hop: Hop, startedAt: number): void {
    this.stats.tunnelFailed()
    if (!(error instanceof TransportError)) return
    const { code, phase } = error
    this.#emit({ type: 'tunnel-failed', ...hop, code, phase, ms: performance.now() - startedAt })
  }

  /** A listener that throws is its author's uncaught exception; it must not break a tunnel. */
  #emit(event: TransportEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function impossibleTarget(hop: Hop): Error {
  const what = `${hop.target} is no host and port that can be connected to`
  return failure('ERR_TARGET_UNREACHABLE', 'target-dns', what, undefined, hop, {
    hint: 'A host is an IP address or a name of at most 253 characters, a port a number from 1 to 65535.',
    retryable: false,
  })
}

/** Neither a TLS server nor an HTTP server speaks before the client, so these bytes are the proxy's. */
function spokeFirst(tunnel: OpenedTunnel, hop: Hop): Error {
  tunnel.socket.destroy()
  const what = `the proxy ${hop.proxy ?? ''} sent ${tunnel.earlyBytes} bytes of its own into the tunnel`
  return failure('ERR_PROXY_PROTOCOL', 'tunnel', what, undefined, hop, {
    hint: 'A proxy must send nothing of its own into a tunnel: look for an update of it.',
    retryable: false,
  })
}
