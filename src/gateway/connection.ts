import type { Socket } from 'node:net'
import type { GatewayDispatchPayload } from 'discord-api-types/v10'
import type { RawData, WebSocket } from 'ws'
import type { Hop } from '../tunnel/index.js'
import { createDecompressor, type GatewayCompression } from './compression.js'
import type { Decompressor } from './decompressor.js'
import {
  peerGone,
  silentGateway,
  socketBroke,
  socketClosed,
  unreadable,
  type Disconnect,
} from './disconnect.js'
import { gatewayAddress } from './gateway-url.js'
import { Heartbeat } from '../reconnect/heartbeat.js'
import type { GatewayLinks } from './links.js'
import { Opcode } from '../discord/opcodes.js'
import { readPayload, type ReceivedPayload } from './payload.js'

export interface ConnectionSettings {
  readonly links: GatewayLinks
  readonly random: () => number
  readonly compression: GatewayCompression
  readonly maxPayload: number
}

/** What a connection asks of its shard, and reports to it. */
export interface ConnectionOwner {
  /** Of the last dispatch; heartbeats carry it. */
  readonly sequence: number | null
  hello(): void
  dispatch(payload: GatewayDispatchPayload): void
  /** Op 7. */
  reconnectRequested(): void
  /** Op 9. */
  sessionInvalid(resumable: boolean): void
  /** Once, when the socket is closed: no other may be open for the same session before. */
  ended(disconnect: Disconnect): void
}

/**
 * The code with which a connection is left whose session goes on; 1000 and 1001 would end it:
 * https://discord.com/developers/docs/events/gateway#disconnecting
 */
const KEEPS_SESSION = 4900
/** The code that ends the session. */
const ENDS_SESSION = 1000
/** Idle time before TCP asks whether the other side is there. */
const KEEP_ALIVE_MS = 10_000
/** For the answer to our close frame. */
const CLOSE_TIMEOUT_MS = 2_000

/** One WebSocket: compression, heartbeat, deadlines, and how it ended. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #owner: ConnectionOwner
  /** By which proxy it was opened; the transport may have another by the time that it ends. */
  readonly #hop: Hop
  readonly #socket: WebSocket
  #decompressor: Decompressor | undefined
  #heartbeat: Heartbeat | undefined
  #heartbeatIntervalMs = 0
  #tcp: Socket | undefined
  #deadline: NodeJS.Timeout | undefined
  /** Why this side left it; from then on nothing that arrives counts. */
  #left: Disconnect | undefined
  #failure: Error | undefined
  #socketError: Error | undefined

  constructor(settings: ConnectionSettings, url: string, helloTimeoutMs: number, owner: ConnectionOwner) {
    const { compression, maxPayload, links } = settings
    this.#settings = settings
    this.#owner = owner
    this.#hop = links.hop(url)
    this.#socket = links.createWebSocket(gatewayAddress(url, compression), {
      maxPayload,
      // Discord compresses above the WebSocket; what is not JSON fails there.
      perMessageDeflate: false,
      skipUTF8Validation: true,
    })
    this.#socket.on('upgrade', ({ socket }) => {
      this.#tcp = socket
      // Where the proxy's host is gone, the kernel knows before the next heartbeat does.
      socket.setKeepAlive(true, KEEP_ALIVE_MS)
      // ws keeps this to itself and closes with 1006.
      socket.once('error', (error) => (this.#socketError = error))
    })
    this.#socket.on('open', () => this.expect('hello', helloTimeoutMs))
    this.#socket.on('message', (data, isBinary) => this.#message(data, isBinary))
    this.#socket.on('pong', () => this.#heartbeat?.pong())
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', (code, reason) => this.#closed(code, reason))
  }

  /** As Discord's hello says; 0 before it. */
  get heartbeatIntervalMs(): number {
    return this.#heartbeatIntervalMs
  }

  get roundTripMs(): number | null {
    return this.#heartbeat?.roundTripMs ?? null
  }

  /** @param flushed called when the kernel has it, or with the error */
  send(text: string, flushed?: (error?: Error) => void): void {
    // ws calls back with null or undefined where there is no error.
    this.#socket.send(text, flushed && ((error) => flushed(error ?? undefined)))
  }

  /** Ends the connection unless `expected()` is called in time. */
  expect(awaited: string, timeoutMs: number): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => {
      this.leave(silentGateway(awaited, timeoutMs, this.#hop))
    }, timeoutMs)
  }

  /** What is awaited is on its way: a replay is not interrupted. */
  progressed(): void {
    this.#deadline?.refresh()
  }

  expected(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /** Leaves at once. Discord keeps the session, unless it has to begin anew. */
  leave(disconnect: Disconnect): void {
    if (this.#left !== undefined) return
    this.#quiesce(disconnect)
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.close(disconnect.recovery === 'resume' ? KEEPS_SESSION : ENDS_SESSION)
    }
    this.#socket.terminate()
  }

  /** Says good-bye and waits a moment for the answer. */
  close(disconnect: Disconnect, keepSession: boolean): void {
    if (this.#left !== undefined) return
    if (this.#socket.readyState !== this.#socket.OPEN) {
      this.leave(disconnect)
      return
    }
    this.#quiesce(disconnect)
    this.#socket.close(keepSession ? KEEPS_SESSION : ENDS_SESSION)
    this.#deadline = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  #quiesce(disconnect: Disconnect): void {
    this.#left = disconnect
    this.expected()
    this.#heartbeat?.stop()
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.#left !== undefined) return
    let payload: ReceivedPayload | undefined
    try {
      const text = this.#text(data, isBinary)
      payload = text === undefined ? undefined : readPayload(text)
    } catch (error) {
      this.leave(unreadable(error))
      return
    }
    if (payload !== undefined) this.#handle(payload)
  }

  #text(data: RawData, isBinary: boolean): string | undefined {
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
    if (!isBinary) return bytes.toString()
    const { compression, maxPayload } = this.#settings
    this.#decompressor ??= createDecompressor(compression, maxPayload)
    if (this.#decompressor === undefined) throw new TypeError('A binary message without compression')
    return this.#decompressor.decompress(bytes)
  }

  #handle(payload: ReceivedPayload): void {
    switch (payload.kind) {
      case 'dispatch':
        this.#owner.dispatch(payload.payload)
        return
      case 'heartbeat-ack':
        this.#heartbeat?.acknowledged()
        this.#decompressor?.rest()
        return
      case 'heartbeat-request':
        this.#heartbeat?.beat()
        return
      case 'hello':
        this.#hello(payload.heartbeatIntervalMs)
        return
      case 'reconnect':
        this.#owner.reconnectRequested()
        return
      case 'invalid-session':
        this.#owner.sessionInvalid(payload.resumable)
        return
      case 'unknown':
        return
    }
  }

  #hello(heartbeatIntervalMs: number): void {
    if (this.#heartbeat !== undefined) return
    this.expected()
    this.#heartbeatIntervalMs = heartbeatIntervalMs
    this.#heartbeat = new Heartbeat(heartbeatIntervalMs, this.#settings.random, {
      beat: () => this.send(`{"op":${Opcode.Heartbeat},"d":${this.#owner.sequence ?? 'null'}}`),
      ping: () => this.#socket.ping(),
      received: () => this.#tcp?.bytesRead ?? 0,
      dead: (why) => this.leave(peerGone(why, this.#hop)),
    })
    this.#owner.hello()
  }

  #failed(error: Error): void {
    this.#failure ??= error
    // ws would wait for the peer's close frame, from a stream that it can no longer read.
    if (this.#left === undefined && isUnreadable(error)) this.leave(unreadable(error))
    else this.#socket.terminate()
  }

  #closed(code: number, reason: Buffer): void {
    clearTimeout(this.#deadline)
    this.#heartbeat?.stop()
    this.#decompressor?.close()
    const lost = this.#failure ?? (this.#socketError && socketBroke(this.#socketError, this.#hop))
    this.#owner.ended(this.#left ?? socketClosed(code, reason.toString(), lost, this.#hop))
  }
}

/** Errors of ws's receiver: a broken frame, or a message larger than maxPayload. */
function isUnreadable(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('WS_ERR_')
}
