import { createHook, type AsyncHook } from 'node:async_hooks'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/** The one place to which this process may connect. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface GuardOptions {
  readonly allowed: readonly Endpoint[]
  /** Names that this process may look up, with their addresses: what SOCKS4 needs, which carries no names. */
  readonly localNames?: Readonly<Record<string, string>>
  /** Hand every lookup to the system instead: SOCKS4 against the real Discord. Default false. */
  readonly systemDns?: boolean
}

/** What this process tried. */
export interface GuardReport {
  /** Connections that went where they may, as the system was asked for them: `address:port`, one entry each. */
  readonly connections: readonly string[]
  /** Connections and datagrams to anywhere else. They were refused. */
  readonly refused: readonly string[]
  /** Names that somebody asked this process to look up, and that nobody had allowed. They were refused. */
  readonly refusedLookups: readonly string[]
  /** Names that were looked up because the scheme leaves no choice. */
  readonly localLookups: readonly string[]
  /** Lookups of the proxy's own name. */
  readonly proxyLookups: number
  /** DNS queries that the system was asked for, those of the proxy's name included. */
  readonly queries: number
  /** UDP packets that the system was asked to send. */
  readonly datagrams: number
}

/**
 * Cuts this process off from everything but its proxy. Every TCP client of Node, be it `net`, `tls`, `http`,
 * undici or `ws`, ends in Socket#connect, and every name in node:dns: there it refuses, and remembers.
 *
 * Beside that it counts what really left JavaScript, by the async_hooks of libuv's own requests: a client
 * that found a way around the refusal would show there.
 */
export class Guard {
  readonly #allowed: ReadonlySet<string>
  readonly #options: GuardOptions
  readonly #hook: AsyncHook
  readonly #requests: { type: string; resource: object }[] = []
  #refused: string[] = []
  #refusedLookups: string[] = []
  #localLookups: string[] = []
  #proxyLookups = 0

  constructor(options: GuardOptions) {
    this.#options = options
    this.#allowed = new Set(options.allowed.map(({ host, port }) => `${host} ${port}`))
    this.#hook = createHook({
      init: (_id, type, _trigger, resource: object) => {
        if (SYSTEM_REQUESTS.has(type)) this.#requests.push({ type, resource })
      },
    }).enable()
    this.#guardConnections()
    this.#guardLookups(dns, 'callback')
    this.#guardLookups(dns.promises, 'promise')
    this.#guardLookups(dns.Resolver.prototype, 'callback')
    this.#guardLookups(dns.promises.Resolver.prototype, 'promise')
    syncBuiltinESMExports()
  }

  /** What was refused so far was on purpose: a probe that the guard works. */
  forgetRefusals(): readonly string[] {
    const refused = [...this.#refused, ...this.#refusedLookups]
    this.#refused = []
    this.#refusedLookups = []
    this.#localLookups = []
    return refused
  }

  report(): GuardReport {
    const of = (...types: string[]): object[] =>
      this.#requests.filter(({ type }) => types.includes(type)).map(({ resource }) => resource)
    return {
      connections: of('TCPCONNECTWRAP', 'PIPECONNECTWRAP').map(destinationOf),
      refused: this.#refused,
      refusedLookups: this.#refusedLookups,
      localLookups: this.#localLookups,
      proxyLookups: this.#proxyLookups,
      queries: of('GETADDRINFOREQWRAP', 'QUERYWRAP').length,
      datagrams: of('UDPSENDWRAP').length,
    }
  }

  /** The counting ends; the refusing does not. */
  stop(): void {
    this.#hook.disable()
  }

  #guardConnections(): void {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its socket below
    const connect = net.Socket.prototype.connect
    const check = (args: readonly unknown[]): string | undefined => this.#refuse(args)
    Reflect.set(net.Socket.prototype, 'connect', function (this: net.Socket, ...args: unknown[]): unknown {
      const refused = check(args)
      if (refused === undefined) return call(connect, this, args)
      // As a connection that fails: later, for whoever creates a socket has yet to add its listeners.
      const error = new Error(`The guard refused ${refused}: it is not the proxy`)
      setImmediate(() => this.destroy(Object.assign(error, { code: 'EACCES', syscall: 'connect' })))
      return this
    })
  }

  /** The destination, if it is not an allowed one. */
  #refuse(args: readonly unknown[]): string | undefined {
    const { host, port } = destinationOfCall(args)
    if (this.#allowed.has(`${host} ${port}`)) return undefined
    const destination = `${host}:${port}`
    this.#refused.push(destination)
    return destination
  }

  #guardLookups(owner: object, style: 'callback' | 'promise'): void {
    for (const name of LOOKUPS) {
      const original: unknown = Reflect.get(owner, name)
      if (typeof original !== 'function') continue
      const answer = (host: string): string | Error | undefined => this.#answer(host)
      Reflect.set(owner, name, function (this: unknown, ...args: unknown[]): unknown {
        const found = answer(String(args[0]))
        if (found === undefined) return call(original, this, args)
        const all = args.some((arg) => typeof arg === 'object' && arg !== null && 'all' in arg && arg.all)
        const entry = { address: found, family: 4 }
        if (style === 'promise') {
          return found instanceof Error ? Promise.reject(found) : Promise.resolve(all ? [entry] : entry)
        }
        const callback: unknown = args.at(-1)
        if (typeof callback !== 'function') throw new TypeError('a lookup without a callback')
        const result = found instanceof Error ? [found] : all ? [null, [entry]] : [null, found, 4]
        process.nextTick(() => call(callback, undefined, result))
        return undefined
      })
    }
  }

  /** An address, a refusal, or undefined: ask the system. */
  #answer(host: string): string | Error | undefined {
    if (net.isIP(host) !== 0) return undefined
    if (this.#options.allowed.some((endpoint) => endpoint.host === host)) {
      this.#proxyLookups += 1
      return undefined
    }
    const address = this.#options.localNames?.[host]
    if (address !== undefined || this.#options.systemDns === true) {
      this.#localLookups.push(host)
      return address
    }
    this.#refusedLookups.push(host)
    const error = new Error(`The guard refused to look up ${host}`)
    return Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host })
  }
}

/** The requests of libuv by which a process reaches a network. */
const SYSTEM_REQUESTS = new Set([
  'TCPCONNECTWRAP',
  'PIPECONNECTWRAP',
  'GETADDRINFOREQWRAP',
  'QUERYWRAP',
  'UDPSENDWRAP',
])

const LOOKUPS = [
  'lookup',
  'lookupService',
  'reverse',
  'resolve',
  'resolve4',
  'resolve6',
  'resolveAny',
  'resolveCaa',
  'resolveCname',
  'resolveMx',
  'resolveNaptr',
  'resolveNs',
  'resolvePtr',
  'resolveSoa',
  'resolveSrv',
  'resolveTlsa',
  'resolveTxt',
]

/** Reflect.apply, whose result TypeScript calls "any". */
function call(target: object, owner: unknown, args: readonly unknown[]): unknown {
  if (typeof target !== 'function') throw new TypeError('not a function')
  const result: unknown = Reflect.apply(target, owner, args)
  return result
}

/** `connect(options)`, `connect(port, host)`, `connect(path)`, or Node's own array of normalised arguments. */
function destinationOfCall(args: readonly unknown[]): { host: string; port: string } {
  const list: readonly unknown[] = Array.isArray(args[0]) ? args[0] : args
  const [first, second] = list
  if (typeof first === 'object' && first !== null) {
    const { path, host, port }: { path?: unknown; host?: unknown; port?: unknown } = first
    if (typeof path === 'string' && port === undefined) return { host: path, port: '' }
    return { host: typeof host === 'string' ? host : 'localhost', port: String(port) }
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { host: first, port: '' }
  return { host: typeof second === 'string' ? second : 'localhost', port: String(first) }
}

/** Node writes both onto the request before it hands it to the system. */
function destinationOf(request: object): string {
  return `${String(Reflect.get(request, 'address'))}:${String(Reflect.get(request, 'port'))}`
}
