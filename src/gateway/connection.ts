import { ENDS_SESSION, KEEPS_SESSION } from '../discord/close-codes.js'
import { Opcode } from '../discord/opcodes.js'
import { Heartbeat, type Acknowledgement } from '../reconnect/heartbeat.js'
import type { Via } from '../tunnel/index.js'
import { LiveSocket, liveSocketOptions } from '../websocket/live-socket.js'
import { createDecompressor, type GatewayCompression } from './compression/compression.js'
import type { Decompressor } from './compression/decompressor.js'
import { notReadyInTime, peerGone, socketEnded, unreadable, type Disconnect } from './disconnect.js'
import type { GatewayLinks } from './links.js'
import { readPayload, type Dispatch, type ReceivedPayload } from './payload.js'

export interface ConnectionSettings {
  readonly links: GatewayLinks
  readonly random: () => number
  readonly compression: GatewayCompression
  readonly maxPayload: number
}

/** What a connection asks of its shard, and reports to it. */
export interface ConnectionOwner {
  /** The sequence of the last dispatch: heartbeats carry it. */
  sequence(): number | null
  hello(): void
  dispatch(dispatch: Dispatch): void
  heartbeat(acknowledgement: Acknowledgement): void
  /** Op 7. */
  reconnectRequested(): void
  /** Op 9. */
  sessionInvalid(resumable: boolean): void
  /** Called once, when the socket is closed. Only then may another one open for the same session. */
  ended(disconnect: Disconnect): void
}

/** One WebSocket to Discord: compression, heartbeat, deadlines, and how it ended. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #owner: ConnectionOwner
  /** The proxy that it was opened through. The transport may have another one when it ends. */
  #via: Via
  readonly #socket: LiveSocket
  #decompressor: Decompressor | undefined
  #heartbeat: Heartbeat | undefined
  #heartbeatIntervalMs = 0
  #beats = 0
  #acknowledgements = 0
  #confirmation: { readonly after: number; readonly confirmed: () => void } | undefined
  /** Why this side left it. From then on nothing that arrives counts. */
  #left: Disconnect | undefined

  constructor(settings: ConnectionSettings, url: string, helloTimeoutMs: number, owner: ConnectionOwner) {
    const { compression, maxPayload, links } = settings
    this.#settings = settings
    this.#owner = owner
    this.#via = links.via(url)
    const socket = links.createWebSocket(gatewayAddress(url, compression), liveSocketOptions(maxPayload))
    this.#socket = new LiveSocket(socket, this.#via, {
      via: (tcp) => (this.#via = links.via(url, tcp)),
      opened: () => this.expect('HELLO', helloTimeoutMs),
      message: (data, isBinary) => this.#message(data, isBinary),
      pong: () => this.#heartbeat?.pong(),
      ended: (end) => {
        this.#heartbeat?.stop()
        this.#decompressor?.close()
        owner.ended(this.#left ?? socketEnded(end, this.#via))
      },
    })
  }

  /** As HELLO says; 0 before it. */
  get heartbeatIntervalMs(): number {
    return this.#heartbeatIntervalMs
  }

  get roundTripMs(): number | null {
    return this.#heartbeat?.roundTripMs ?? null
  }

  /** @param flushed called when the kernel has taken it, or with the error */
  send(text: string, flushed?: (error?: Error) => void): void {
    this.#socket.send(text, flushed)
  }

  /** Leaves the connection unless `expected()` is called in time, or more keeps arriving. */
  expect(awaited: string, timeoutMs: number): void {
    this.#socket.expect(timeoutMs, () => this.leave(notReadyInTime(awaited, timeoutMs, this.#via)))
  }

  /** Part of what is expected has arrived: a replay is not interrupted. */
  progressed(): void {
    this.#socket.progressed()
  }

  expected(): void {
    this.#socket.expected()
  }

  /**
   * Calls back when Discord has acknowledged a heartbeat that is sent now: what it had sent by then has arrived. RESUMED
   * alone does not say so, since a replay may hold the RESUMED of an earlier owner.
   */
  confirm(confirmed: () => void): void {
    this.#heartbeat?.beat()
    this.#confirmation = { after: this.#beats, confirmed }
  }

  /** Leaves at once. Discord keeps the session, unless a new one is to begin. */
  leave(disconnect: Disconnect): void {
    if (this.#left !== undefined) return
    this.#stop(disconnect)
    this.#socket.drop(disconnect.recovery === 'resume' ? KEEPS_SESSION : ENDS_SESSION)
  }

  /** Sends a close frame and waits a moment for the answer. */
  close(disconnect: Disconnect, keepSession: boolean): void {
    if (this.#left !== undefined) return
    this.#stop(disconnect)
    this.#socket.close(keepSession ? KEEPS_SESSION : ENDS_SESSION)
  }

  #stop(disconnect: Disconnect): void {
    this.#left = disconnect
    this.#heartbeat?.stop()
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#left !== undefined) return
    let payload: ReceivedPayload | undefined
    try {
      const text = isBinary ? this.#decompress(data) : data.toString()
      // The payload is spread over several messages.
      if (text === undefined) this.progressed()
      else payload = readPayload(text)
    } catch (error) {
      this.leave(unreadable(error))
      return
    }
    if (payload !== undefined) this.#handle(payload)
  }

  #decompress(data: Buffer): string | undefined {
    const { compression, maxPayload } = this.#settings
    this.#decompressor ??= createDecompressor(compression, maxPayload)
    if (this.#decompressor === undefined) throw new TypeError('a binary message without compression')
    return this.#decompressor.decompress(data)
  }

  #handle(payload: ReceivedPayload): void {
    switch (payload.kind) {
      case 'dispatch':
        this.#owner.dispatch(payload)
        return
      case 'heartbeat-ack':
        this.#acknowledged()
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

  #beat(): void {
    this.#beats += 1
    this.send(`{"op":${Opcode.Heartbeat},"d":${this.#owner.sequence() ?? 'null'}}`)
  }

  #acknowledged(): void {
    const acknowledgement = this.#heartbeat?.acknowledged()
    this.#decompressor?.rest()
    if (acknowledgement !== undefined) this.#owner.heartbeat(acknowledgement)
    this.#acknowledgements += 1
    if (this.#confirmation === undefined || this.#acknowledgements < this.#confirmation.after) return
    const { confirmed } = this.#confirmation
    this.#confirmation = undefined
    confirmed()
  }

  #hello(heartbeatIntervalMs: number): void {
    if (this.#heartbeat !== undefined) return
    this.expected()
    this.#heartbeatIntervalMs = heartbeatIntervalMs
    this.#heartbeat = new Heartbeat(heartbeatIntervalMs, this.#settings.random, {
      beat: () => this.#beat(),
      ping: () => this.#socket.ping(),
      received: () => this.#socket.bytesRead,
      receiving: () => this.#socket.receiving,
      dead: (cause) => this.leave(peerGone(cause, this.#via)),
    })
    this.#owner.hello()
  }
}

/** With the version, encoding and compression that this client speaks. */
function gatewayAddress(url: string, compression: GatewayCompression): string {
  const address = new URL(url)
  address.searchParams.set('v', '10')
  address.searchParams.set('encoding', 'json')
  if (compression !== 'none') address.searchParams.set('compress', compression)
  return address.href
}
