import http, { type ClientRequest } from 'node:http'
import https, { type RequestOptions } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import { toError } from '../errors.js'
import { TCP_OPTIONS } from '../tunnel/dial.js'
import type { HttpConnection, Route } from '../tunnel/route.js'
import { TLS_FIELDS, type Target, type TlsOverrides } from '../tunnel/target.js'
import { countTimeout } from './opening-timeout.js'
import { OWN_AGENT } from './own-agent.js'
import { WatchedRequest } from './watched-request.js'

/** The deadline of a WebSocket's upgrade; it travels with the options of its request to the agent. */
export class UpgradeDeadline {
  /** Whether its tunnel is being opened now. The tunnel has the same deadline, and its error names the step that hangs. */
  opening = false

  constructor(readonly timeoutMs: number) {}
}

/** The facts about a request that the agent needs when it opens a connection. */
interface AgentRequest {
  readonly request: ClientRequest
  readonly secure: boolean
  /** An upgrade or CONNECT: a proxy cannot forward it. */
  readonly tunnelOnly: boolean
}

const REQUEST = Symbol('request')

/** The options that Node's agent passes on from step to step. */
interface AgentRequestOptions extends RequestOptions {
  readonly [REQUEST]?: AgentRequest
}

/**
 * In place of a default port, so that the agent sees where none was given: its requests come from `http.request`
 * and from `https.request`, and Node reads the default before it says which. The number stands in no Host header,
 * because Node leaves the default port out of it.
 */
const NO_PORT = -1

/**
 * The http.Agent face of a route, for ws, node:https, axios and got. One agent serves `http.request` and
 * `https.request` alike, as those of the proxy-agents packages do.
 */
export class TunnelAgent extends https.Agent {
  readonly #route: Route
  readonly #keepAliveMs: number
  /** The sockets of the route as it is now, as opposed to those from before {@link renew}. */
  #current = new WeakMap<Duplex, HttpConnection>()

  constructor(route: Route, keepAliveMs: number) {
    // Without `timeout`: every request would emit one that waits as long as an idle socket is kept.
    super({ keepAlive: keepAliveMs > 0, keepAliveMsecs: TCP_OPTIONS.keepAliveInitialDelay })
    this.#route = route
    this.#keepAliveMs = keepAliveMs
    // Without a protocol of the agent Node takes that of the module whose `request` was called.
    Object.assign(this, { protocol: undefined, defaultPort: NO_PORT })
    Object.defineProperty(this, OWN_AGENT, { value: true })
    // Loggers that walk enumerable properties would find the headers of requests, and the token in them.
    for (const table of ['sockets', 'freeSockets', 'requests']) {
      Object.defineProperty(this, table, { enumerable: false })
    }
  }

  /** Called by Node for each request. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    const secure = request.protocol === 'https:'
    const tunnelOnly = !secure && isUpgrade(request, options.headers)
    const defaultPort = secure ? 443 : 80
    // A string where it comes from a URL.
    const port = Number(options.port) === NO_PORT ? defaultPort : options.port
    if (Number(port) === defaultPort) dropPortFromHost(request, defaultPort)
    const known: AgentRequestOptions = { ...options, port, [REQUEST]: { request, secure, tunnelOnly } }
    // Its types do not declare it.
    const add: unknown = Reflect.get(https.Agent.prototype, 'addRequest')
    if (typeof add === 'function') Reflect.apply(add, this, [request, known])
  }

  /** Sockets are kept by this name: one that ends at a proxy is not for an upgrade. */
  override getName(options: AgentRequestOptions = {}): string {
    const { secure = true, tunnelOnly = false } = options[REQUEST] ?? {}
    if (secure) return super.getName(options)
    const name = http.Agent.prototype.getName.call(this, options)
    return tunnelOnly ? `${name}:tunnel` : name
  }

  /** Called by Node where a request needs a connection: it comes with the callback. */
  override createConnection(
    options: AgentRequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const asked = options[REQUEST]
    if (asked === undefined) throw new TypeError('This agent opens connections for requests only')
    this.#route.stats.request(false)
    // Node reads only one of the two values.
    const settle: (error: Error | null, socket?: unknown) => void = (error, socket) =>
      void Reflect.apply(callback ?? (() => undefined), undefined, [error, socket])
    this.#open(asked, options).then(
      (socket) => settle(null, socket),
      (error: unknown) => settle(toError(error)),
    )
    return undefined
  }

  /** Opens a connection for one request; a request that is destroyed meanwhile gives it up. */
  async #open({ request, secure, tunnelOnly }: AgentRequest, options: AgentRequestOptions): Promise<Socket> {
    const deadline = deadlineOf(options)
    const current = this.#current
    const { host, port } = options
    const tls = secure ? tlsOverrides(options) : undefined
    const target: Target = { host: host ?? 'localhost', port: Number(port), secure, tls }
    const given = new AbortController()
    const watched = new WatchedRequest(request, this.#route.via(target))
    watched.onDestroyed = (reason) => given.abort(reason ?? hangUp())
    const stopTimeout = countTimeout(request, options.timeout)
    try {
      if (deadline !== undefined) deadline.opening = true
      const timeoutMs = deadline?.timeoutMs
      const opened = await this.#route.openHttp(target, { tunnelOnly, signal: given.signal, timeoutMs })
      const { socket } = opened
      current.set(socket, opened)
      watched.connected(socket, opened)
      return socket
    } finally {
      watched.onDestroyed = undefined
      stopTimeout()
      if (deadline !== undefined) deadline.opening = false
    }
  }

  /** Sockets and requests hold tokens in their headers, so neither inspection nor JSON shows them. */
  toJSON(): Record<string, unknown> {
    const count = (pool: object): number => Object.values(pool).flat().length
    return {
      name: 'TunnelAgent',
      proxy: this.#route.proxy?.url ?? null,
      sockets: count(this.sockets),
      freeSockets: count(this.freeSockets),
      requests: count(this.requests),
    }
  }

  [inspect.custom](): Record<string, unknown> {
    return this.toJSON()
  }

  /** Moves to a changed route: sockets in use end with the request that they carry, idle ones at once. */
  renew(): void {
    this.#current = new WeakMap()
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy()
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // It says whether the socket is kept, whatever its type says.
    const keep: (socket: Duplex) => unknown = super.keepSocketAlive.bind(this)
    if (!this.#current.has(socket) || keep(socket) !== true) return false
    // Node's agent ends an idle socket that times out, and has set what the server promises in Keep-Alive.
    if (socket instanceof Socket) {
      const { timeout: promisedMs = 0 } = socket
      socket.setTimeout(promisedMs > 0 ? Math.min(promisedMs, this.#keepAliveMs) : this.#keepAliveMs)
    }
    return true
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#route.stats.request(true)
    const opened = this.#current.get(socket)
    if (opened !== undefined) new WatchedRequest(request, opened.via).connected(socket, opened)
    if (socket instanceof Socket) socket.setTimeout(0)
    super.reuseSocket(socket, request)
  }
}

/** The TLS options that the request set for itself; Node fills in a servername of its own, which is no override. */
function tlsOverrides({ servername, ...options }: RequestOptions): TlsOverrides | undefined {
  const named = servername !== undefined && servername !== options.host && servername !== ''
  const set = TLS_FIELDS.filter((field) => options[field] !== undefined)
  if (set.length === 0 && !named) return undefined
  return {
    ...Object.fromEntries(set.map((field) => [field, options[field]] as const)),
    ...(named ? { servername } : undefined),
  }
}

function isUpgrade(request: ClientRequest, headers: RequestOptions['headers']): boolean {
  if (request.method === 'CONNECT' || request.getHeader('upgrade') !== undefined) return true
  return Array.isArray(headers) && headers.some((text) => String(text).toLowerCase() === 'upgrade')
}

/** Node leaves a default port out of the Host header, but it does not get one from this agent. */
function dropPortFromHost(request: ClientRequest, defaultPort: number): void {
  const host = request.getHeader('host')
  const ending = `:${defaultPort}`
  if (request.headersSent || typeof host !== 'string' || !host.endsWith(ending)) return
  request.setHeader('Host', host.slice(0, -ending.length))
}

/** Node's own error for a request that is destroyed without a reason. */
function hangUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

function deadlineOf(options: RequestOptions): UpgradeDeadline | undefined {
  return 'deadline' in options && options.deadline instanceof UpgradeDeadline ? options.deadline : undefined
}
