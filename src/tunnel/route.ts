import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { emitEvent } from '../config/events.js'
import type { ProxyDescription, RouteDecision, RoutePolicy, TlsSettings } from '../config/index.js'
import { sanitizeForeignText } from '../config/redact.js'
import { describeProxy } from '../config/resolve-proxy.js'
import { TransportError, type TransportPhase } from '../errors.js'
import { Attempt } from './attempt.js'
import { Connector, type RouteOptions } from './connector.js'
import { closedError, impossibleTarget, timeoutError } from './failures.js'
import type { Via } from './fault.js'
import type { Connection, ProxyEvent } from './proxies/choosing.js'
import { explainChoice } from './proxies/explain-choice.js'
import { StatsCounter, type TransportStats } from './stats.js'
import { authority, normalizeTarget, type Target } from './target.js'
import { TlsClient } from './tls.js'

/** A host name has at most 253 characters. */
const MAX_SHOWN_TARGET = 300

/** How one tunnel's opening is bounded. */
interface TunnelLimits {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds; the transport's `connectTimeoutMs` when absent. */
  readonly timeoutMs?: number | undefined
  /**
   * Whether the destination may send before it is asked, as a mail server does. Otherwise its first bytes behind the
   * proxy's answer are taken for the proxy's own. Default: false.
   */
  readonly serverFirst?: boolean
  /** Called when a step begins. */
  readonly onPhase?: (phase: TransportPhase) => void
}

interface HttpConnectionLimits extends TunnelLimits {
  /** Whether the connection must end at the target itself: an upgrade cannot be forwarded. */
  readonly tunnelOnly?: boolean
}

/** A connection for HTTP requests to one target, and the proxy that forwards them where it is no tunnel. */
export interface HttpConnection extends Connection {
  /** The proxy that it took, for the names of its failures. */
  readonly via: Via
}

/**
 * Opens every connection of this library, so that the gateway and REST cannot disagree about the proxy, DNS, deadlines
 * or the names of failures.
 */
export class Route {
  readonly stats = new StatsCounter()
  #connector: Connector
  /** One for each hop that the configuration describes: it keeps sessions. */
  readonly #proxyTls = new WeakMap<TlsSettings, TlsClient>()
  readonly #targetTls: TlsClient
  readonly #closing = new AbortController()
  /** The TCP socket of each open connection, and the socket that the caller has: TLS over it, or the same one. */
  readonly #open = new Map<Socket, { readonly socket: Socket; readonly via: Via }>()

  constructor(policy: RoutePolicy, options: RouteOptions) {
    // Each tunnel that is being opened has a listener; `maxTunnels` limits their number.
    setMaxListeners(0, this.#closing.signal)
    this.#targetTls = new TlsClient(options.tls)
    this.#connector = this.#connectorFor(policy, options)
  }

  /** Which proxies are in use, and for which destinations. */
  get policy(): RoutePolicy {
    return this.#connector.policy
  }

  /** The proxy that new connections take; null where everything goes direct. */
  get proxy(): ProxyDescription | null {
    const { policy, choice } = this.#connector
    return describeProxy(policy, choice.inUse?.proxy)
  }

  /** Opens every tunnel from now on by another policy. Open tunnels stay open. */
  use(policy: RoutePolicy, options: RouteOptions): void {
    const from = this.proxy?.url ?? null
    this.#connector.retire()
    this.#connector = this.#connectorFor(policy, options)
    const to = this.proxy?.url ?? null
    if (from !== to)
      this.#tell({ type: 'proxy-change', proxy: to, from, reason: 'another proxy was set' }, options.onEvent)
  }

  /** Where a destination goes now, and why. */
  explain(
    target: Pick<Target, 'host' | 'port'>,
  ): RouteDecision & { readonly proxy: ProxyDescription | null } {
    const { policy, choice, candidates } = this.#connector
    const decision = policy.decide(target.host, target.port)
    if (decision.route === 'direct') return { ...decision, proxy: null }
    const { chosen, reason } = explainChoice(choice, candidates, authority(target))
    return {
      route: 'proxy',
      reason: reason === '' ? decision.reason : `${decision.reason}; ${reason}`,
      proxy: describeProxy(policy, chosen?.proxy),
    }
  }

  /** Counters since creation. */
  snapshot(): TransportStats {
    const { candidates, choice } = this.#connector
    return this.stats.snapshot(
      candidates.map((candidate) => ({
        proxy: candidate.proxy.redactedUrl,
        state: choice.standing(candidate).down === undefined ? 'up' : 'down',
      })),
    )
  }

  /**
   * Calls `onReturn` once when the port of a proxy answers that did not answer.
   *
   * @param error of a connection of this route that failed
   * @returns ends the wait; undefined if the error is no such failure
   */
  onProxyReturn(error: TransportError, onReturn: () => void): (() => void) | undefined {
    return this.#connector.choice.onReturn(error, onReturn)
  }

  /** Milliseconds for everything up to a usable socket. */
  get connectTimeoutMs(): number {
    return this.#connector.options.connectTimeoutMs
  }

  /** Options for TLS to a destination, for code that makes that connection itself over a tunnel. */
  tlsOptions(host: string): ConnectionOptions {
    return this.#targetTls.options(host)
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Aborted with an ERR_TRANSPORT_CLOSED when the route stops. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * The proxy and the target, for the failures of a connection to this target.
   *
   * @param socket the connection; without it the answer is for a new one
   */
  via(target: Pick<Target, 'host' | 'port'>, socket?: Socket): Via {
    for (const open of socket === undefined ? [] : this.#open.values())
      if (open.socket === socket) return open.via
    const { policy, choice, candidates } = this.#connector
    const shown = sanitizeForeignText(authority(target), MAX_SHOWN_TARGET)
    const direct = policy.decide(target.host, target.port).route === 'direct'
    const [first] = direct ? [] : choice.order(candidates, shown)
    return { proxy: first?.proxy.redactedUrl ?? null, target: shown }
  }

  /**
   * A connected socket to the target, by the proxy or directly as the policy says, with TLS where the target
   * wants it. Rejects with a TransportError, or with `signal`'s own reason; never later than
   * `connectTimeoutMs`, and then without a socket, timer or listener left behind.
   */
  async openTunnel(target: Target, limits?: TunnelLimits): Promise<Socket> {
    const { socket } = await this.#connect(target, false, limits)
    return socket
  }

  /**
   * As {@link openTunnel}, for HTTP requests. A plain target needs no tunnel at an HTTP proxy: the connection ends at
   * the proxy then, and `forwardProxy` writes its requests.
   */
  openHttp(
    target: Target,
    { tunnelOnly = false, ...limits }: HttpConnectionLimits = {},
  ): Promise<HttpConnection> {
    return this.#connect(target, !tunnelOnly, limits)
  }

  async #connect(
    asked: Target,
    forward: boolean,
    { signal, timeoutMs = this.connectTimeoutMs, serverFirst = false, onPhase }: TunnelLimits = {},
  ): Promise<HttpConnection> {
    let via = this.via(asked)
    const startedAt = performance.now()
    const attempt = new Attempt({
      timeoutMs,
      signals: signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal],
      onTimeout: (phase) => timeoutError(via, phase, timeoutMs),
      onPhase,
    })
    try {
      attempt.throwIfEnded()
      const target = normalizeTarget(asked)
      if (target === undefined) throw impossibleTarget(via)
      const onDirect = (reason: string): void => {
        // Where a PAC script answers DIRECT, no proxy has a part in what follows.
        via = { ...via, proxy: null }
        emitEvent(this.#connector.options.onEvent, { type: 'direct', target: via.target, reason })
      }
      const connecting = this.#connector.connect({ target, via, forward, serverFirst, onDirect }, attempt)
      if (target.secure) this.#targetTls.prepare()
      const connected = await connecting
      if (connected.proxy !== undefined) via = { ...via, proxy: connected.proxy }
      const wire = connected.socket
      const socket = target.secure ? await this.#targetTls.upgrade(wire, target, 'target-tls', attempt) : wire
      this.#track(wire, socket, via, startedAt)
      return { ...connected, socket, via }
    } catch (error) {
      // An attempt that ended early has a reason: a named failure, or that of the caller's signal.
      const named = attempt.fail(error, via)
      this.#report(named, via, startedAt)
      throw named
    } finally {
      attempt.dispose()
    }
  }

  /**
   * Gives up every tunnel that is being opened, and opens no more.
   *
   * @returns the error of everything that this ends
   */
  stop(): Error {
    const reason = closedError()
    this.#closing.abort(reason)
    this.#connector.choice.retire()
    return reason
  }

  /** Ends every tunnel, and resolves when the last socket is closed. */
  async close(): Promise<void> {
    const reason = this.stop()
    const closed = [...this.#open.keys()].map(
      (wire) => new Promise<void>((resolve) => wire.once('close', () => resolve())),
    )
    for (const { socket } of this.#open.values()) socket.destroy(reason)
    await Promise.all(closed)
  }

  #connectorFor(policy: RoutePolicy, options: RouteOptions): Connector {
    return new Connector(policy, options, (settings) => this.#tlsFor(settings), {
      closing: this.#closing.signal,
      random: Math.random,
      onFailed: (proxy) => this.stats.proxyFailed(proxy),
      onEvent: (event) => this.#tell(event, options.onEvent),
    })
  }

  #tell(event: ProxyEvent, onEvent: RouteOptions['onEvent']): void {
    this.stats.proxyEvent(event.type)
    emitEvent(onEvent, event)
  }

  #tlsFor(settings: TlsSettings): TlsClient {
    let client = this.#proxyTls.get(settings)
    if (client === undefined) {
      client = new TlsClient(settings)
      this.#proxyTls.set(settings, client)
    }
    return client
  }

  #track(wire: Socket, socket: Socket, via: Via, startedAt: number): void {
    this.stats.tunnelOpened(wire, via.proxy ?? undefined)
    this.#open.set(wire, { socket, via })
    wire.once('close', () => {
      this.#open.delete(wire)
      emitEvent(this.#connector.options.onEvent, {
        type: 'tunnel-close',
        ...via,
        bytesSent: wire.bytesWritten,
        bytesReceived: wire.bytesRead,
      })
    })
    emitEvent(this.#connector.options.onEvent, {
      type: 'tunnel-open',
      ...via,
      ms: performance.now() - startedAt,
    })
  }

  #report(error: unknown, via: Via, startedAt: number): void {
    this.stats.tunnelFailed()
    if (!(error instanceof TransportError)) return
    const { code, phase } = error
    emitEvent(this.#connector.options.onEvent, {
      type: 'tunnel-failed',
      ...via,
      code,
      phase,
      ms: performance.now() - startedAt,
    })
  }
}
