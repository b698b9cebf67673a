import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer, type WebSocket } from 'ws'
import { MockConnection } from '../../../src/openclaw/mock/connection.js'
import { GatewayState } from '../../../src/openclaw/mock/methods.js'
import { Refused } from '../../../src/openclaw/mock/refused.js'
import type { Answer } from '../../../src/openclaw/mock/session.js'
import { Devices, type DeviceRules } from './devices.js'

export interface FakeGatewayOptions extends Partial<DeviceRules> {
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly tickIntervalMs?: number
  readonly maxPayload?: number
  readonly handshakeTimeoutMs?: number
  readonly answer?: Answer
  readonly config?: Readonly<Record<string, unknown>>
  readonly port?: number
}

export interface RestartOptions {
  /** Milliseconds in which TCP is refused. */
  readonly downMs?: number
  /** Milliseconds in which the gateway answers UNAVAILABLE. */
  readonly startingMs?: number
  /** Without a `shutdown` event and a close frame, as after SIGKILL. */
  readonly killed?: boolean
}

const TOKEN = 'the-token-of-the-fake-gateway'
const RETRY_AFTER_MS = 20

/** A gateway of OpenClaw 2026.9 in this process: protocol 4, with the faults of a real one on demand. */
export class FakeGateway {
  readonly token: string
  readonly devices: Devices
  readonly state: GatewayState
  /** What each handshake brought. */
  readonly handshakes: Readonly<Record<string, unknown>>[] = []
  readonly requests: { readonly method: string; readonly params: Readonly<Record<string, unknown>> }[] = []
  readonly connections = new Set<MockConnection>()
  /** The number of sockets that were ever opened. */
  opened = 0
  bootId = randomUUID()
  port = 0
  /** The next answers of these methods are not sent. */
  readonly dropAnswersOf: string[] = []
  /** An upgrade gets this status. */
  refuseUpgrade: number | undefined
  readonly #options: FakeGatewayOptions
  #server: Server | undefined
  readonly #sockets = new Set<Socket>()
  #starting: Refused | undefined
  #refusals: Refused[] = []
  readonly #requestRefusals: Refused[] = []
  #ticks: NodeJS.Timeout | undefined

  private constructor(options: FakeGatewayOptions) {
    this.#options = options
    this.token = options.token ?? TOKEN
    this.devices = new Devices({ ...options, token: this.token })
    this.state = new GatewayState({
      tell: (audience, event, payload) => {
        for (const connection of this.connections) connection.event(audience, event, payload)
      },
      answer: options.answer ?? ((message) => Promise.resolve(`Echo: ${message}`)),
      ...(options.config === undefined ? {} : { config: options.config }),
    })
  }

  static async start(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const gateway = new FakeGateway(options)
    await gateway.#listen(options.port ?? 0)
    return gateway
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${this.port}`
  }

  /** The next handshakes are refused with these, one after the other. */
  refuseNext(...refusals: Refused[]): void {
    this.#refusals.push(...refusals)
  }

  /** The next requests are refused with these, one after the other, and do not run. */
  refuseRequests(...refusals: Refused[]): void {
    this.#requestRefusals.push(...refusals)
  }

  /** Every connection misses so many events. */
  skipEvents(count: number): void {
    for (const connection of this.connections) connection.skip(count)
  }

  tick(): void {
    for (const connection of this.connections) connection.event('all', 'tick', { ts: Date.now() })
  }

  closeAll(code: number, reason: string): void {
    for (const connection of this.connections) connection.close(code, reason)
  }

  terminateAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Half-open: the sockets stay, and nothing comes or is read any more. */
  freezeAll(): void {
    for (const socket of this.#sockets) {
      socket.pause()
      // What this side would write, pongs and ticks included, goes nowhere.
      socket.cork()
    }
  }

  /** The operator revokes the token of a device: its connections are ended. */
  revoke(deviceId: string): void {
    this.devices.rotate(deviceId)
    for (const connection of this.connections)
      if (connection.deviceId === deviceId) connection.close(4001, 'device removed')
  }

  sendRawToAll(text: string): void {
    for (const connection of this.connections) connection.socket.send(text)
  }

  async restart({ downMs = 30, startingMs = 30, killed = false }: RestartOptions = {}): Promise<void> {
    await this.stop({ killed })
    await sleep(downMs)
    this.bootId = randomUUID()
    this.state.revive()
    this.#starting = new Refused('UNAVAILABLE', 'gateway starting; retry shortly', {
      retryable: true,
      retryAfterMs: RETRY_AFTER_MS,
      details: { reason: 'startup-sidecars' },
    })
    await this.#listen(this.port)
    await sleep(startingMs)
    this.#starting = undefined
  }

  async stop({ killed = false }: { readonly killed?: boolean } = {}): Promise<void> {
    clearInterval(this.#ticks)
    this.#starting = new Refused('UNAVAILABLE', 'unavailable during gateway restart', {
      retryable: true,
      retryAfterMs: RETRY_AFTER_MS,
      details: { reason: 'gateway-restarting' },
    })
    const server = this.#server
    this.#server = undefined
    this.state.stop()
    for (const connection of this.connections) {
      if (killed) continue
      connection.event('all', 'shutdown', { reason: 'gateway restarting', restartExpectedMs: 10 })
      connection.close(1012, 'service restart')
    }
    // The close frames leave before the sockets go.
    if (!killed) await sleep(5)
    for (const socket of this.#sockets) socket.destroy()
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  async #listen(port: number): Promise<void> {
    const { tls, tickIntervalMs = 30_000 } = this.#options
    const server: Server = tls === undefined ? createHttp() : createHttps(tls)
    const webSockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: 64 * 1024 * 1024,
    })
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('upgrade', (request, socket, head) => {
      const status = request.headers['x-forwarded-for'] === undefined ? this.refuseUpgrade : 403
      if (status === undefined) webSockets.handleUpgrade(request, socket, head, (open) => this.#connect(open))
      else socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#ticks = setInterval(() => this.tick(), tickIntervalMs)
  }

  #connect(socket: WebSocket): void {
    this.opened += 1
    const connection: MockConnection = new MockConnection(socket, {
      state: this.state,
      server: { version: '2026.9.6', bootId: this.bootId },
      tickIntervalMs: this.#options.tickIntervalMs ?? 30_000,
      maxPayload: this.#options.maxPayload ?? 26_214_400,
      handshakeTimeoutMs: this.#options.handshakeTimeoutMs ?? 15_000,
      unavailable: () => this.#starting ?? (connection.admission && this.#requestRefusals.shift()),
      admit: (params, nonce, ts) => {
        this.handshakes.push(params)
        const refusal = this.#refusals.shift()
        if (refusal !== undefined) throw refusal
        return this.devices.admit(params, nonce, ts)
      },
      requested: (method, params) => {
        this.requests.push({ method, params })
        const at = this.dropAnswersOf.indexOf(method)
        if (at === -1) return undefined
        this.dropAnswersOf.splice(at, 1)
        return 'drop'
      },
    })
    this.connections.add(connection)
    socket.on('close', () => this.connections.delete(connection))
  }
}
