import type { Socket } from 'node:net'

/** Counters of one transport since it was created. */
export interface TransportStats {
  readonly tunnels: {
    /** Tunnels (or, on a direct route, connections) that reached their destination. */
    readonly opened: number
    /** Of these, open now. */
    readonly open: number
    /** Requests that went over a connection which had carried one before. */
    readonly reused: number
    /** Attempts that ended in a failure. */
    readonly failed: number
  }
  readonly bytes: {
    /** Bytes on the wire, tunnel and TLS overhead included. */
    readonly sent: number
    readonly received: number
  }
  /** Requests dispatched, WebSocket upgrades included. */
  readonly requests: number
  /** Each proxy of the configuration, in order of preference. Those of an earlier `setProxy()` are not in it. */
  readonly proxies: readonly ProxyStats[]
  /** How often a proxy went down, came back, and gave way to another one: the events of the same names. */
  readonly proxyEvents: Readonly<Record<'proxy-down' | 'proxy-up' | 'proxy-change', number>>
}

/** Counters of one proxy of the configuration since the transport was created. */
export interface ProxyStats {
  /** The proxy's URL, redacted. */
  readonly proxy: string
  /** Whether it works, as far as is known. */
  readonly state: 'up' | 'down'
  readonly tunnels: {
    /** Tunnels through it that reached their destination. */
    readonly opened: number
    /** Of these, open now. */
    readonly open: number
    /** How often it failed for a reason of its own, or refused a destination. */
    readonly failed: number
  }
}

/** What is counted of one proxy. */
type ProxyCount = { -readonly [Name in keyof ProxyStats['tunnels']]: number }

/** Keeps the counters; a closed socket's bytes are added up, an open one's are read when asked. */
export class StatsCounter {
  readonly #open = new Set<Socket>()
  #opened = 0
  #reused = 0
  #failed = 0
  #requests = 0
  #sent = 0
  #received = 0
  readonly #byProxy = new Map<string, ProxyCount>()
  readonly #proxyEvents = { 'proxy-down': 0, 'proxy-up': 0, 'proxy-change': 0 }

  /** @param proxy of the configuration, redacted; undefined for a direct connection */
  tunnelOpened(wire: Socket, proxy: string | undefined): void {
    this.#opened += 1
    this.#open.add(wire)
    const count = proxy === undefined ? undefined : this.#countOf(proxy)
    if (count !== undefined) {
      count.opened += 1
      count.open += 1
    }
    wire.once('close', () => {
      if (count !== undefined) count.open -= 1
      this.#open.delete(wire)
      this.#sent += wire.bytesWritten
      this.#received += wire.bytesRead
    })
  }

  tunnelFailed(): void {
    this.#failed += 1
  }

  /** A proxy of the configuration did not open a tunnel. */
  proxyFailed(proxy: string): void {
    this.#countOf(proxy).failed += 1
  }

  proxyEvent(type: keyof TransportStats['proxyEvents']): void {
    this.#proxyEvents[type] += 1
  }

  request(reused: boolean): void {
    this.#requests += 1
    if (reused) this.#reused += 1
  }

  /** @param proxies those of the configuration */
  snapshot(proxies: readonly Pick<ProxyStats, 'proxy' | 'state'>[]): TransportStats {
    let sent = this.#sent
    let received = this.#received
    for (const wire of this.#open) {
      sent += wire.bytesWritten
      received += wire.bytesRead
    }
    return {
      tunnels: { opened: this.#opened, open: this.#open.size, reused: this.#reused, failed: this.#failed },
      bytes: { sent, received },
      requests: this.#requests,
      proxies: proxies.map(({ proxy, state }) => ({ proxy, state, tunnels: { ...this.#countOf(proxy) } })),
      proxyEvents: { ...this.#proxyEvents },
    }
  }

  #countOf(proxy: string): ProxyCount {
    let count = this.#byProxy.get(proxy)
    if (count === undefined) {
      count = { opened: 0, open: 0, failed: 0 }
      this.#byProxy.set(proxy, count)
    }
    return count
  }
}
