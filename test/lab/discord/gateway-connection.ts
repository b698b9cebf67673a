import type { IncomingHttpHeaders } from 'node:http'
import { GatewayCloseCodes, GatewayOpcodes } from 'discord-api-types/v10'
import type { RawData, WebSocket } from 'ws'
import { z } from 'zod'
import { createEncoder, type Compression, type Encoder } from './gateway-compression.js'
import type { GatewaySession } from './gateway-session.js'

/** What a client sent. */
export interface ReceivedPayload {
  readonly connection: GatewayConnection
  readonly op: number
  readonly d: unknown
  readonly at: number
}

/** What a connection asks of the gateway, and reports to it. */
export interface GatewayConnectionOwner {
  readonly heartbeatIntervalMs: number
  /** False while the gateway plays dead. */
  readonly acknowledging: () => boolean
  readonly received: (payload: ReceivedPayload) => void
  readonly identify: (data: unknown) => void
  readonly resume: (data: unknown) => void
  readonly closed: () => void
}

export interface Upgrade {
  /** Of the TCP connection, as in `connections()`. */
  readonly connectionId: number
  /** The Host header: the gateway's name, or that of a resume. */
  readonly host: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

const opcodeSchema = z.literal([
  GatewayOpcodes.Heartbeat,
  GatewayOpcodes.Identify,
  GatewayOpcodes.PresenceUpdate,
  GatewayOpcodes.VoiceStateUpdate,
  GatewayOpcodes.Resume,
  GatewayOpcodes.RequestGuildMembers,
  GatewayOpcodes.RequestSoundboardSounds,
])
const payloadSchema = z.object({ op: z.number().int(), d: z.unknown() })

/** https://discord.com/developers/docs/events/gateway#rate-limiting */
const SENDS_PER_MINUTE = 120
/** https://discord.com/developers/docs/events/gateway#sending-events: a larger payload is a 4002. */
const MAX_PAYLOAD_BYTES = 4096
/** On top of two intervals without a heartbeat, so that a busy machine is not taken for a dead client. */
const HEARTBEAT_GRACE_MS = 5000

/** One WebSocket: the protocol up to the session. */
export class GatewayConnection {
  readonly id: number
  readonly upgrade: Upgrade
  readonly openedAt = Date.now()
  compression: Compression
  /** All payloads received on it. */
  readonly payloads: ReceivedPayload[] = []
  heartbeats = 0
  session: GatewaySession<GatewayConnection> | undefined
  /** How it ended, whoever ended it; undefined while it is open. */
  closeCode: number | undefined
  closedByServer = false
  readonly #socket: WebSocket
  readonly #owner: GatewayConnectionOwner
  #encoder: Encoder
  #held: (() => void)[] | undefined
  #heartbeatTimer: NodeJS.Timeout | undefined
  #sentAt: number[] = []

  constructor(socket: WebSocket, upgrade: Upgrade, owner: GatewayConnectionOwner) {
    this.id = upgrade.connectionId
    this.upgrade = upgrade
    this.#socket = socket
    this.#owner = owner
    this.compression = compressionOf(upgrade.query)
    const encoder = createEncoder(this.compression)
    this.#encoder = encoder ?? createEncoder('none')!
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      this.closeCode ??= code
      clearTimeout(this.#heartbeatTimer)
      this.#encoder.close()
      owner.closed()
    })
    if (!encoder) {
      this.close(GatewayCloseCodes.DecodeError, `${this.compression} is not supported`)
      return
    }
    const hello = { heartbeat_interval: owner.heartbeatIntervalMs, _trace: ['["lab-gateway"]'] }
    this.send(GatewayOpcodes.Hello, hello)
    this.#expectHeartbeat()
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** A payload that is not a dispatch. */
  send(op: number, d: unknown = null): void {
    this.sendText(JSON.stringify({ t: null, s: null, op, d }))
  }

  sendText(payload: string): void {
    this.#whenThawed(() => this.#encoder.encode(payload, (message) => this.#socket.send(message)))
  }

  /** Any message, whether it is a payload or not, past the compression. */
  sendRaw(message: string | Buffer): void {
    this.#whenThawed(() => this.#socket.send(message))
  }

  /** Op 1 from the server: the client has to answer with a heartbeat at once. */
  requestHeartbeat(): void {
    this.send(GatewayOpcodes.Heartbeat)
  }

  /** Op 9. A session that cannot be resumed is also forgotten. */
  invalidSession(resumable: boolean): void {
    this.send(GatewayOpcodes.InvalidSession, resumable)
  }

  /** Op 7. */
  requestReconnect(): void {
    this.send(GatewayOpcodes.Reconnect)
  }

  /** A close frame, after what was already sent. */
  close(code: number, reason = ''): void {
    this.closedByServer = true
    this.closeCode ??= code
    this.#whenThawed(() => this.#encoder.flush(() => this.#socket.close(code, reason)))
  }

  /** Gone without a close frame: 1006 on the other side. */
  terminate(): void {
    this.closedByServer = true
    this.#socket.terminate()
  }

  /** Neither reads nor writes any more, while the connection stays open: a dead peer behind a live proxy. */
  freeze(): void {
    this.#held ??= []
    this.#socket.pause()
  }

  /** Goes on where `freeze` stopped. */
  thaw(): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#socket.resume()
    for (const work of held) work()
  }

  /** Identify's `compress`, which counts only where the connection itself has no compression. */
  compressPayloads(): void {
    if (this.compression !== 'none') return
    this.compression = 'payload'
    this.#encoder = createEncoder('payload') ?? this.#encoder
  }

  #whenThawed(work: () => void): void {
    if (this.#held) this.#held.push(work)
    else if (this.open) work()
  }

  #receive(data: RawData, isBinary: boolean): void {
    const whole = Array.isArray(data) ? Buffer.concat(data) : data
    const bytes = Buffer.isBuffer(whole) ? whole : Buffer.from(whole)
    const payload = bytes.length > MAX_PAYLOAD_BYTES || isBinary ? undefined : decode(bytes.toString())
    if (!payload) {
      this.close(GatewayCloseCodes.DecodeError, 'Error while decoding payload.')
      return
    }
    const received: ReceivedPayload = { connection: this, op: payload.op, d: payload.d, at: Date.now() }
    this.payloads.push(received)
    this.#owner.received(received)
    if (this.closedByServer) return
    if (this.#exceedsRateLimit(received.at)) this.close(GatewayCloseCodes.RateLimited, 'Rate limited.')
    else this.#handle(received)
  }

  #handle({ op, d }: ReceivedPayload): void {
    switch (opcodeSchema.safeParse(op).data) {
      case GatewayOpcodes.Heartbeat:
        this.heartbeats += 1
        this.#expectHeartbeat()
        if (this.#owner.acknowledging()) this.send(GatewayOpcodes.HeartbeatAck)
        return
      case GatewayOpcodes.Identify:
        if (this.session) this.close(GatewayCloseCodes.AlreadyAuthenticated, 'Already authenticated.')
        else this.#owner.identify(d)
        return
      case GatewayOpcodes.Resume:
        if (this.session) this.close(GatewayCloseCodes.AlreadyAuthenticated, 'Already authenticated.')
        else this.#owner.resume(d)
        return
      case undefined:
        this.close(GatewayCloseCodes.UnknownOpcode, 'Unknown opcode.')
        return
      // What a bot may send besides needs a session, and changes nothing here.
      case GatewayOpcodes.PresenceUpdate:
      case GatewayOpcodes.VoiceStateUpdate:
      case GatewayOpcodes.RequestGuildMembers:
      case GatewayOpcodes.RequestSoundboardSounds:
        if (!this.session) this.close(GatewayCloseCodes.NotAuthenticated, 'Not authenticated.')
    }
  }

  #exceedsRateLimit(now: number): boolean {
    this.#sentAt = this.#sentAt.filter((at) => at > now - 60_000)
    this.#sentAt.push(now)
    return this.#sentAt.length > SENDS_PER_MINUTE
  }

  #expectHeartbeat(): void {
    clearTimeout(this.#heartbeatTimer)
    this.#heartbeatTimer = setTimeout(
      () => this.close(GatewayCloseCodes.SessionTimedOut, 'Session timed out.'),
      2 * this.#owner.heartbeatIntervalMs + HEARTBEAT_GRACE_MS,
    )
  }
}

function compressionOf(query: URLSearchParams): Compression {
  const name = query.get('compress')
  return name === 'zlib-stream' || name === 'zstd-stream' ? name : 'none'
}

function decode(text: string): z.infer<typeof payloadSchema> | undefined {
  try {
    return payloadSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
