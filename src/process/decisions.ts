import { AsyncLocalStorage } from 'node:async_hooks'
import type { TransportError } from '../errors.js'
import { normalizeHost } from '../config/host.js'
import { say } from '../messages/index.js'
import { addressOf } from '../tunnel/target.js'
import type { ProxyConnection } from '../tunnel/proxy-connections.js'
import { isDiscord, isLoopback } from './destination.js'
import type { ResolvedInstallOptions } from './options.js'
import { refusal } from './refusal.js'
import type { ProcessRoute, ProcessRoutes } from './route.js'
import { SOCKET_SURFACES, type Surface } from './surface.js'

/** A connection that code of the process asks for. */
export interface Wanted {
  readonly surface: Surface
  /** Host name or address, as the caller wrote it. */
  readonly host: string
  readonly port: number
  /** Whether it is for plain HTTP, which a forwarding proxy can carry. */
  readonly plain: boolean
  /** What {@link InstallOptions.bypassPolicy} is shown. */
  readonly url: () => string
}

/** A connection to where a URL leads. */
export function wantedAt(url: URL, surface: Surface): Wanted {
  const plain = url.protocol === 'http:' || url.protocol === 'ws:'
  return { surface, ...addressOf(url), plain, url: () => url.href }
}

/** What becomes of a connection. */
export type Decision =
  | { readonly action: 'proxy'; readonly reason: string; readonly route: ProcessRoute }
  /** `chosen`: it is in scope, and somebody has chosen this one: the layers below must not ask again. */
  | { readonly action: 'direct'; readonly reason: string; readonly chosen: boolean }
  | { readonly action: 'refuse'; readonly reason: string; readonly error: TransportError }

const SOCKETS: Decision = { action: 'direct', reason: "sockets: 'direct'", chosen: true }

type DirectReason = 'stopped' | 'outside' | 'loopback' | 'proxy' | 'bypass' | 'policy'

function direct(reason: DirectReason): Decision {
  const chosen = reason === 'bypass' || reason === 'policy'
  return { action: 'direct', reason: say(`process.reason.${reason}`), chosen }
}

/** Decides about each connection of the process, by the options of one installation. */
export class Decisions {
  readonly #options: ResolvedInstallOptions
  readonly #routes: ProcessRoutes
  /** Made by the first bypass(): on Node 20 and 22 each promise of the process costs more from then on. */
  #passing: AsyncLocalStorage<'all' | ProxyConnection> | undefined
  #stopped = false

  constructor(options: ResolvedInstallOptions, routes: ProcessRoutes) {
    this.#options = options
    this.#routes = routes
  }

  get stopped(): boolean {
    return this.#stopped
  }

  stop(): void {
    this.#stopped = true
  }

  /** Runs `run`; what it opens, also later in what it started, goes direct. */
  bypass<T>(run: () => T): T {
    return this.#pass('all', run)
  }

  /** Runs what a server does with a connection that this process has opened to a proxy, and that the server accepted. */
  asProxy<T>(accepted: ProxyConnection, run: () => T): T {
    return this.#pass(accepted, run)
  }

  #pass<T>(what: 'all' | ProxyConnection, run: () => T): T {
    this.#passing ??= new AsyncLocalStorage()
    return this.#passing.run(what, run)
  }

  /** Whether all goes direct that the code opens which runs now: it is inside of {@link bypass}, or it is our proxy. */
  get bypassing(): boolean {
    const passing = this.#passing?.getStore()
    return passing === 'all' || passing?.chained === false
  }

  /** Where the tunnel leads for which the code that runs now is a proxy; undefined where it is none. */
  get tunnelled(): ProxyConnection['target'] | undefined {
    const passing = this.#passing?.getStore()
    return typeof passing === 'object' ? passing.target : undefined
  }

  /** Whether {@link decide} can answer anything but a plain "direct". It is asked first, and costs next to nothing. */
  concerns(host: string): boolean {
    if (this.#stopped) return false
    const { scope, loopback } = this.#options
    return scope === 'all' || isDiscord(host) || (loopback !== 'direct' && isLoopback(host))
  }

  decide(wanted: Wanted): Decision {
    if (this.#stopped) return direct('stopped')
    const { host, surface } = wanted
    if (!this.concerns(host)) return direct('outside')
    if (this.bypassing || this.#isTunnelled(wanted)) return direct('bypass')
    const chosen = this.#askPolicy(wanted)
    if (chosen !== undefined) return chosen
    const { loopback, sockets } = this.#options
    if (isLoopback(host)) {
      if (loopback === 'direct') return direct('loopback')
      if (loopback === 'block') return this.#refuse('loopback', "loopback: 'block'", wanted)
    }
    const decision = this.#route(wanted)
    if (decision.action === 'direct' || !SOCKET_SURFACES.has(surface)) return decision
    if (sockets === 'block') return this.#refuse('sockets', "sockets: 'block'", wanted)
    return sockets === 'direct' ? SOCKETS : decision
  }

  /** The refusal of a connection that is in scope, and that cannot be led through the proxy. */
  unroutable(
    message: 'socket' | 'foreign' | 'over' | 'udp',
    wanted: Pick<Wanted, 'host' | 'port'>,
  ): TransportError {
    return refusal(message, this.#via(wanted))
  }

  /**
   * Whether a connection to this address is left to the program, also where what it asks for over it is Discord's: the
   * address is the proxy, or this host itself with `loopback: 'direct'`.
   */
  isLeft(host: string, port: number): boolean {
    return this.#isProxy(host, port) || (this.#options.loopback === 'direct' && isLoopback(host))
  }

  #route({ host, port, plain }: Wanted): Decision {
    const route = (plain ? this.#routes.plain : null) ?? this.#routes.main
    const { route: way, reason } = route.policy.decide(host, port)
    if (way === 'direct') return { action: 'direct', reason, chosen: false }
    if (leadsTo(route, host, port)) return direct('proxy')
    return { action: 'proxy', reason, route }
  }

  #isProxy(host: string, port: number): boolean {
    const { main, plain } = this.#routes
    return leadsTo(main, host, port) || (plain !== null && leadsTo(plain, host, port))
  }

  #isTunnelled({ host, port }: Wanted): boolean {
    const target = this.tunnelled
    return target?.port === port && target.host === (normalizeHost(host) ?? host)
  }

  #askPolicy(wanted: Wanted): Decision | undefined {
    const { bypassPolicy } = this.#options
    if (bypassPolicy === undefined) return undefined
    try {
      // Only true: a promise is truthy, and must not open a way past the proxy.
      const answer: unknown = bypassPolicy({ surface: wanted.surface, url: wanted.url() })
      return answer === true ? direct('policy') : undefined
    } catch (cause) {
      return this.#refuse('policy', say('process.reason.policy-failed'), wanted, cause)
    }
  }

  #refuse(
    message: 'loopback' | 'sockets' | 'policy',
    reason: string,
    wanted: Wanted,
    cause?: unknown,
  ): Decision {
    return { action: 'refuse', reason, error: refusal(message, { ...this.#via(wanted), cause }) }
  }

  #via({ host, port }: Pick<Wanted, 'host' | 'port'>): { target: string; proxy: string | null } {
    const target = host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
    return { target, proxy: this.#routes.main.policy.proxy?.redactedUrl ?? null }
  }
}

function leadsTo({ policy }: ProcessRoute, host: string, port: number): boolean {
  const name = normalizeHost(host) ?? host
  return policy.proxies.some(({ proxy }) => proxy.host === name && proxy.port === port)
}
