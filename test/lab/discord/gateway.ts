import { GatewayCloseCodes } from 'discord-api-types/v10'
import type { WebSocket } from 'ws'
import { EventLog, type WaitOptions } from './event-log.js'
import { GatewayConnection, type ReceivedPayload, type Upgrade } from './gateway-connection.js'
import { GatewayServer, type GatewayServerOptions, type UpgradeRefusal } from './gateway-server.js'
import { GatewaySessions, type Session, type SessionsOptions } from './gateway-sessions.js'

export const GATEWAY_HOST = 'gateway.discord.gg'

export interface GatewayOptions extends GatewayServerOptions, SessionsOptions {
  readonly heartbeatIntervalMs: number
}

/** An Identify or a Resume. */
export interface Authentication {
  readonly connection: GatewayConnection
  readonly data: unknown
  readonly session: Session
  readonly at: number
  /** Dispatches that were sent again; 0 for an Identify. */
  readonly replayed: number
}

/** gateway.discord.gg and the host of resumes, with everything a test can make go wrong there. */
export class Gateway {
  /** Connections from now on are told this. */
  heartbeatIntervalMs: number
  /** Off: heartbeats are no longer acknowledged, on any connection. */
  acknowledging = true
  /** The most WebSockets that were open at one time. */
  peakConnections = 0
  readonly #server: GatewayServer
  readonly #sessions: GatewaySessions
  readonly #open = new Set<GatewayConnection>()
  readonly #connected = new EventLog<GatewayConnection>('a gateway connection', ({ id }) => `number ${id}`)
  readonly #payloads = new EventLog<ReceivedPayload>('a gateway payload', ({ op }) => `op ${op}`)
  readonly #identifies = new EventLog<Authentication>('an identify', ({ session }) => session.id)
  readonly #resumes = new EventLog<Authentication>('a resume', ({ session }) => session.id)
  readonly #closes = new EventLog<GatewayConnection>('a close', ({ closeCode }) => `${closeCode ?? ''}`)

  constructor(options: GatewayOptions) {
    this.heartbeatIntervalMs = options.heartbeatIntervalMs
    this.#sessions = new GatewaySessions(options)
    this.#server = new GatewayServer(options, (socket, upgrade) => this.#accept(socket, upgrade))
  }

  /** The WebSockets that are open now. */
  get connections(): readonly GatewayConnection[] {
    return [...this.#open]
  }

  /** Every WebSocket there ever was. */
  get allConnections(): readonly GatewayConnection[] {
    return this.#connected.entries
  }

  /** Every Upgrade request, those refused included. */
  get upgrades(): readonly Upgrade[] {
    return this.#server.upgrades
  }

  get tlsConnections(): GatewayServer['connections'] {
    return this.#server.connections
  }

  /** Sessions that are in use or can be resumed. */
  get sessions(): readonly Session[] {
    return this.#sessions.list()
  }

  /** The session start limit: what `GET /gateway/bot` says and what identifies use up. */
  get sessionStarts(): GatewaySessions['starts'] {
    return this.#sessions.starts
  }

  /** The sequence of RESUMED from now on: one of its own, that of the last event, or null. */
  set resumedSequence(sequence: GatewaySessions['resumedSequence']) {
    this.#sessions.resumedSequence = sequence
  }

  /** What an Identify must satisfy: 4011 for too few shards, 4014 for a disallowed intent. */
  get rules(): GatewaySessions['rules'] {
    return this.#sessions.rules
  }

  get publish(): GatewaySessions['publish'] {
    return this.#sessions.publish
  }

  get payloads(): readonly ReceivedPayload[] {
    return this.#payloads.entries
  }

  /** Those that were accepted. */
  get identifies(): readonly Authentication[] {
    return this.#identifies.entries
  }

  /** Those that were accepted. */
  get resumes(): readonly Authentication[] {
    return this.#resumes.entries
  }

  waitForConnection(options?: WaitOptions): Promise<GatewayConnection> {
    return this.#connected.waitFor(() => true, options)
  }

  /** An accepted Identify: READY has been sent. The first one, unless `nth` says otherwise. */
  waitForIdentify(options?: WaitOptions): Promise<Authentication> {
    return this.#identifies.waitFor(() => true, options)
  }

  /** An accepted Resume: RESUMED has been sent. */
  waitForResume(options?: WaitOptions): Promise<Authentication> {
    return this.#resumes.waitFor(() => true, options)
  }

  /** A connection that has ended; its `closeCode` says how. */
  waitForClose(options?: WaitOptions): Promise<GatewayConnection> {
    return this.#closes.waitFor(() => true, options)
  }

  waitForPayload(
    match: number | ((payload: ReceivedPayload) => boolean),
    options?: WaitOptions,
  ): Promise<ReceivedPayload> {
    const test = typeof match === 'number' ? ({ op }: ReceivedPayload) => op === match : match
    return this.#payloads.waitFor(test, options)
  }

  /** To every session, whatever its intents; those without a connection get it when they resume. */
  dispatch(event: string, data: unknown, filter: (session: Session) => boolean = () => true): void {
    this.#sessions.dispatch(event, data, filter)
  }

  closeAll(code: number, reason?: string): void {
    for (const connection of this.#open) connection.close(code, reason)
  }

  /** Every connection ends without a close frame. */
  terminateAll(): void {
    for (const connection of this.#open) connection.terminate()
  }

  /** Op 9 to every connection. Not resumable: the sessions are forgotten too. */
  invalidSession(resumable: boolean): void {
    for (const connection of this.#open) {
      if (!resumable) this.#sessions.forget(connection)
      connection.invalidSession(resumable)
    }
  }

  /** Op 7 to every connection. */
  requestReconnect(): void {
    for (const connection of this.#open) connection.requestReconnect()
  }

  /** Op 1 to every connection. */
  requestHeartbeat(): void {
    for (const connection of this.#open) connection.requestHeartbeat()
  }

  /** Makes zombies of all connections, until `resumeAcknowledging`. */
  stopAcknowledging(): void {
    this.acknowledging = false
  }

  resumeAcknowledging(): void {
    this.acknowledging = true
  }

  /** The connections of now stay open and do nothing more. Those of later are not affected. */
  freeze(): void {
    for (const connection of this.#open) connection.freeze()
  }

  thaw(): void {
    for (const connection of this.#open) connection.thaw()
  }

  /** A resume of any session of now will be answered with an invalid session. */
  forgetSessions(): void {
    this.#sessions.clear()
  }

  refuseUpgradeOnce(refusal: UpgradeRefusal): void {
    this.#server.refuseUpgradeOnce(refusal)
  }

  stallUpgradeOnce(): void {
    this.#server.stallUpgradeOnce()
  }

  listen(): Promise<number> {
    return this.#server.listen()
  }

  async close(): Promise<void> {
    for (const log of [this.#connected, this.#payloads, this.#identifies, this.#resumes, this.#closes])
      log.close()
    await this.#server.close()
  }

  #accept(socket: WebSocket, upgrade: Upgrade): void {
    const connection = new GatewayConnection(socket, upgrade, {
      heartbeatIntervalMs: this.heartbeatIntervalMs,
      acknowledging: () => this.acknowledging,
      received: (payload) => this.#payloads.add(payload),
      identify: (data) => {
        const session = this.#sessions.identify(connection, data)
        if (!session) return
        this.#sessions.welcome(session)
        this.#identifies.add({ connection, data, session, at: Date.now(), replayed: 0 })
      },
      resume: (data) => {
        const resumed = this.#sessions.resume(connection, data)
        if (resumed) this.#resumes.add({ connection, data, at: Date.now(), ...resumed })
      },
      closed: () => {
        this.#open.delete(connection)
        this.#sessions.closed(connection)
        this.#closes.add(connection)
      },
    })
    this.#open.add(connection)
    this.peakConnections = Math.max(this.peakConnections, this.#open.size)
    this.#connected.add(connection)
    // Version 9 is still served; anything else ends here, as does ETF, which nothing in this lab speaks.
    if (!['9', '10'].includes(upgrade.query.get('v') ?? '10')) {
      connection.close(GatewayCloseCodes.InvalidAPIVersion, 'Invalid API version.')
    } else if ((upgrade.query.get('encoding') ?? 'json') !== 'json') {
      connection.close(GatewayCloseCodes.DecodeError, 'Only JSON is spoken here.')
    }
  }
}
