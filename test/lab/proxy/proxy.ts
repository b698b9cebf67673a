import type { Socket } from 'node:net'
import { EndOfStreamError } from './byte-reader.js'
import { ProxyConnection, type LabConnection } from './connection.js'
import type { Fault, LabScheme } from './faults.js'
import { ConnectServer } from './http-connect.js'
import type { LabProxy, Predicate, ProxyOptions } from './lab-proxy.js'
import { authority, Listener, type LabHost } from './listener.js'
import { misbehave } from './misbehaviour.js'
import { serveSocks4 } from './socks4.js'
import { serveSocks5 } from './socks5.js'
import { TlsListener } from './tls-listener.js'
import type { Tunnel } from './tunnel.js'
import { layWire } from './wire.js'

interface Waiting {
  readonly predicate: Predicate
  readonly resolve: (connection: LabConnection) => void
  readonly reject: (error: Error) => void
}

class Proxy implements LabProxy {
  readonly scheme: LabScheme
  readonly host: LabHost
  fault: Fault | undefined
  readonly #options: ProxyOptions
  readonly #connections: ProxyConnection[] = []
  readonly #tunnels = new Map<ProxyConnection, Tunnel>()
  readonly #waiting = new Set<Waiting>()
  readonly #connectServer: ConnectServer
  #tls: TlsListener | undefined
  #listener: Listener | undefined
  #wire: Listener | undefined
  #frozen = false
  #closed = false

  constructor(options: ProxyOptions) {
    this.#options = options
    this.scheme = options.scheme
    this.host = options.host ?? '127.0.0.1'
    this.fault = options.fault
    const context = { names: options.names, auth: options.auth }
    this.#connectServer = new ConnectServer(context, (connection, tunnel) => this.#opened(connection, tunnel))
  }

  async start(): Promise<this> {
    const { scheme, tls, port = 0, delayMs = 0, maxConnections } = this.#options
    const { host } = this
    if (scheme === 'https') {
      if (tls === undefined) throw new TypeError('an https proxy needs `tls`')
      this.#tls = await TlsListener.create(tls, host, (connection) => this.#connectServer.serve(connection))
    }
    this.#listener = await Listener.listen({
      host,
      port: delayMs > 0 ? 0 : port,
      maxConnections,
      onConnection: (socket) => this.#accept(socket),
    })
    if (delayMs > 0) this.#wire = await layWire({ host, port, delayMs, to: this.#listener.port })
    return this
  }

  get port(): number {
    return (this.#wire ?? this.#listener)?.port ?? 0
  }

  get url(): string {
    const { auth } = this.#options
    if (auth === undefined || !('username' in auth)) return this.urlWithoutCredentials
    const { username, password } = auth
    const credentials = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
    return `${this.scheme}://${credentials}@${authority(this.host, this.port)}`
  }

  get urlWithoutCredentials(): string {
    return `${this.scheme}://${authority(this.host, this.port)}`
  }

  get connections(): readonly LabConnection[] {
    return this.#connections
  }

  get established(): readonly LabConnection[] {
    return this.#connections.filter(({ established }) => established)
  }

  get openCount(): number {
    return this.#listener?.openCount ?? 0
  }

  get peakOpen(): number {
    return this.#listener?.peakOpen ?? 0
  }

  get dropped(): number {
    return this.#listener?.dropped ?? 0
  }

  waitForConnection(predicate: Predicate = () => true): Promise<LabConnection> {
    const found = this.#connections.find(predicate)
    if (found !== undefined) return Promise.resolve(found)
    if (this.#closed) return Promise.reject(new Error('the lab proxy was closed'))
    return new Promise((resolve, reject) => this.#waiting.add({ predicate, resolve, reject }))
  }

  cut(predicate: Predicate = () => true, how: 'close' | 'reset' = 'reset'): number {
    const chosen = this.#connections.filter((connection) => connection.open && predicate(connection))
    for (const connection of chosen) connection.destroy(how)
    return chosen.length
  }

  freeze(): void {
    this.#frozen = true
    for (const tunnel of this.#tunnels.values()) tunnel.freeze()
  }

  thaw(): void {
    this.#frozen = false
    for (const tunnel of this.#tunnels.values()) tunnel.thaw()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#wire?.close(), this.#listener?.close()])
    for (const connection of this.#connections) connection.destroyUpstream()
    await Promise.all(this.#connections.map(({ closed }) => closed))
    for (const { reject } of this.#waiting) reject(new Error('the lab proxy was closed'))
    this.#waiting.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(raw: Socket): void {
    const { fault, scheme } = this
    const connection: ProxyConnection = new ProxyConnection(this.#connections.length + 1, raw, fault, () =>
      this.#changed(connection),
    )
    this.#connections.push(connection)
    this.#changed(connection)
    if (fault?.kind === 'accept') {
      connection.listenToTheEnd()
      misbehave(fault.verb, { socket: raw, raw, scheme, periodMs: fault.periodMs })
    } else if (this.#tls !== undefined) {
      this.#tls.shakeHands(connection)
    } else {
      this.#serve(connection)
    }
  }

  #serve(connection: ProxyConnection): void {
    const { names, auth, foreign } = this.#options
    const context = { names, auth }
    switch (this.scheme) {
      case 'http':
      case 'https':
        this.#connectServer.serve(connection)
        return
      case 'socks4':
      case 'socks4a':
        this.#serveSocks(connection, serveSocks4(connection, context, { names: this.scheme === 'socks4a' }))
        return
      case 'socks5':
        this.#serveSocks(connection, serveSocks5(connection, context, foreign))
        return
    }
  }

  #serveSocks(connection: ProxyConnection, handshake: Promise<Tunnel | null>): void {
    connection.startHearing()
    handshake.then(
      (tunnel) => {
        if (tunnel === null) connection.listenToTheEnd()
        else this.#opened(connection, tunnel)
      },
      (error: unknown) => {
        // Anything else is a defect of the lab: let it surface as an unhandled rejection.
        if (!(error instanceof EndOfStreamError)) throw error
        connection.socket.end()
      },
    )
  }

  #opened(connection: ProxyConnection, tunnel: Tunnel): void {
    this.#tunnels.set(connection, tunnel)
    void connection.closed.then(() => this.#tunnels.delete(connection))
    if (this.#frozen) tunnel.freeze()
  }

  #changed(connection: LabConnection): void {
    for (const waiting of this.#waiting) {
      if (!waiting.predicate(connection)) continue
      this.#waiting.delete(waiting)
      waiting.resolve(connection)
    }
  }
}

/** Starts a proxy; it is listening when the promise resolves. */
export function startProxy(options: ProxyOptions): Promise<LabProxy> {
  return new Proxy(options).start()
}
