import type { ClientRequest } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import { Agent, type AgentConnectOpts } from 'agent-base'
import { TCP_OPTIONS } from '../tunnel/dial.js'
import type { Hop } from '../tunnel/failures.js'
import type { TlsOverrides } from '../tunnel/target.js'
import type { Route } from '../tunnel/route.js'
import { WatchedRequest } from './watched-request.js'

/** A WebSocket's handshake; it travels with the options of its request to the agent. */
export class Handshake {
  /** Whether its tunnel is being opened now, which has this very deadline and knows better what hangs. */
  opening = false

  constructor(readonly timeoutMs: number) {}
}

/**
 * The http.Agent face of a route, for ws, node:https, axios and got. Built on agent-base, as the agents are
 * that it takes the place of, so that one agent serves `http.request` and `https.request` alike.
 */
export class TunnelAgent extends Agent {
  readonly #route: Route
  readonly #keepAliveMs: number
  /** The sockets of the route as it is now, as opposed to those from before {@link renew}, and where they lead. */
  #current = new WeakMap<Duplex, Hop>()

  constructor(route: Route, keepAliveMs: number) {
    // Without `timeout`: every request would emit one that waits as long as an idle socket is kept.
    super({ keepAlive: keepAliveMs > 0, keepAliveMsecs: TCP_OPTIONS.keepAliveInitialDelay })
    this.#route = route
    this.#keepAliveMs = keepAliveMs
    // Loggers that walk enumerable properties would find the headers of requests, and the token in them.
    for (const table of ['sockets', 'freeSockets', 'requests']) {
      Object.defineProperty(this, table, { enumerable: false })
    }
  }

  /** Opens a tunnel for one request; a request that is destroyed meanwhile gives the tunnel up. */
  override async connect(request: ClientRequest, options: AgentConnectOpts): Promise<Socket> {
    const handshake = handshakeOf(options)
    const current = this.#current
    const tls = tlsOverrides(options)
    const target = {
      host: options.host ?? 'localhost',
      // A string where it comes from a URL, whatever the type says.
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-conversion
      port: Number(options.port),
      secure: options.secureEndpoint,
    }
    const hop = this.#route.hop(target)
    const given = new AbortController()
    const stopWatching = new WatchedRequest(request, hop).onDestroyed((reason) =>
      given.abort(reason ?? hangUp()),
    )
    try {
      if (handshake !== undefined) handshake.opening = true
      const socket = await this.#route.openTunnel(tls === undefined ? target : { ...target, tls }, {
        signal: given.signal,
        ...(handshake === undefined ? undefined : { timeoutMs: handshake.timeoutMs }),
      })
      current.set(socket, hop)
      return socket
    } finally {
      stopWatching()
      if (handshake !== undefined) handshake.opening = false
    }
  }

  /** Sockets and requests hold tokens in their headers, so neither inspection nor JSON shows them. */
  toJSON(): Record<string, unknown> {
    const count = (pool: object): number => Object.values(pool).flat().length
    return {
      name: 'TunnelAgent',
      proxy: this.#route.policy.proxy?.redactedUrl ?? null,
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

  override createSocket(
    request: ClientRequest,
    options: AgentConnectOpts,
    callback: (error: Error | null, socket?: Duplex) => void,
  ): void {
    this.#route.stats.request(false)
    super.createSocket(request, options, callback)
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#route.stats.request(true)
    const hop = this.#current.get(socket)
    if (hop !== undefined) new WatchedRequest(request, hop)
    if (socket instanceof Socket) socket.setTimeout(0)
    super.reuseSocket(socket, request)
  }
}

/** What Node itself says of a request that is destroyed without a reason. */
function hangUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

const TLS_FIELDS = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'rejectUnauthorized',
  'checkServerIdentity',
  'ciphers',
  'minVersion',
  'maxVersion',
] as const satisfies readonly (keyof TlsOverrides)[]

/** The TLS options that the request set for itself; Node fills in a servername of its own, which is no override. */
function tlsOverrides(options: AgentConnectOpts): TlsOverrides | undefined {
  if (!options.secureEndpoint) return undefined
  const set = TLS_FIELDS.filter((field) => options[field] !== undefined).map(
    (field) => [field, options[field]] as const,
  )
  const named =
    options.servername !== undefined && options.servername !== options.host && options.servername !== ''
  if (set.length === 0 && !named) return undefined
  return { ...Object.fromEntries(set), ...(named ? { servername: options.servername } : undefined) }
}

function handshakeOf(options: AgentConnectOpts): Handshake | undefined {
  return 'handshake' in options && options.handshake instanceof Handshake ? options.handshake : undefined
}
