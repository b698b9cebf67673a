import { EventEmitter } from 'node:events'
import {
  GatewayDispatchEvents,
  GatewayOpcodes,
  type GatewayDispatchPayload,
  type GatewaySendPayload,
} from 'discord-api-types/v10'
import type { GatewayClient } from '../../index.js'

const CONNECTING = 0
const OPEN = 1
const CLOSED = 3
/** RFC 6455, section 7.1.5: a connection that ended without a close frame. */
const NO_CLOSE_FRAME = 1006
const NORMAL = 1000

/** What Carbon reads of an acknowledged heartbeat; 0.14 wants the nulls. */
const ACKNOWLEDGED = '{"op":11,"d":null,"s":null,"t":null}'

/** What a socket tells its plugin beside the events of a WebSocket. */
export interface PluginSocketOwner {
  /** A session stands, or is gone for now. */
  connected(isConnected: boolean): void
  /** Discord has acknowledged a heartbeat, `latency` milliseconds after it was sent. */
  heartbeat(latency: number): void
  /** A connection ended, and why; null without a failure. */
  interrupted(error: Error | null): void
  /** The client has ended for good, and why; null after a close. */
  ended(error: Error | null): void
}

/**
 * What Carbon takes for its WebSocket. Behind it is a gateway client that reconnects by itself, so this socket opens
 * once, gives dispatches only, and closes when the client has ended for good.
 */
export class PluginSocket extends EventEmitter {
  readyState = CONNECTING
  readonly #gateway: GatewayClient
  readonly #owner: PluginSocketOwner
  #keepSession = false

  /** @param gateway not connected yet */
  constructor(gateway: GatewayClient, owner: PluginSocketOwner) {
    super()
    this.#gateway = gateway
    this.#owner = owner
    gateway.on('dispatch', (payload, _shardId, raw) => this.#dispatch(payload, raw))
    gateway.on('heartbeat', ({ latency }) => {
      owner.heartbeat(latency)
      this.emit('message', ACKNOWLEDGED)
    })
    gateway.on('disconnected', ({ error }) => {
      owner.connected(false)
      owner.interrupted(error)
    })
    gateway.on('closed', ({ reason, error }) => {
      this.readyState = CLOSED
      owner.ended(error)
      const code = error !== null && 'closeCode' in error ? (error.closeCode ?? NO_CLOSE_FRAME) : NORMAL
      this.emit('close', code, Buffer.from(reason))
    })
  }

  /** Carbon sends text. What the client does itself (heartbeat, identify, resume) is not sent a second time. */
  send(text: string): void {
    const payload = JSON.parse(text) as GatewaySendPayload
    const { op } = payload
    if (op === GatewayOpcodes.Heartbeat || op === GatewayOpcodes.Identify || op === GatewayOpcodes.Resume)
      return
    // A presence is kept for the sessions to come.
    const sent =
      op === GatewayOpcodes.PresenceUpdate
        ? this.#gateway.updatePresence(payload.d)
        : this.#gateway.send(payload)
    // What closes the client while this waits is told by `close`.
    sent.catch(() => undefined)
  }

  /** The next close leaves the session at Discord, for another client to resume. */
  keepSession(): void {
    this.#keepSession = true
  }

  close(): void {
    void this.ended()
  }

  terminate(): void {
    this.close()
  }

  /** Resolves when no connection is open any more. */
  ended(): Promise<void> {
    return this.#gateway.close({ keepSession: this.#keepSession })
  }

  #dispatch(payload: GatewayDispatchPayload, raw: string): void {
    if (this.readyState === CONNECTING) {
      this.readyState = OPEN
      this.emit('open')
    }
    this.emit('message', raw)
    if (payload.t === GatewayDispatchEvents.Ready || payload.t === GatewayDispatchEvents.Resumed)
      this.#owner.connected(true)
  }
}
