import type { GatewaySendPayload } from 'discord-api-types/v10'
import type { ShardStatus } from './events.js'

/** How a gateway or a shard is closed. */
export interface GatewayCloseOptions {
  /** Leaves the session at Discord, so that it can be resumed by another client. Default: false; true in a fleet. */
  readonly keepSession?: boolean
}

/** How a gateway or a shard leaves its connection for another one. */
export interface GatewayReconnectOptions {
  /** Resumes the session; otherwise a new one begins, and what happens meanwhile is lost. Default: true. */
  readonly resume?: boolean
  /** For the `reconnecting` event. */
  readonly reason?: string
  /** For the `reconnecting` event. Default: 'requested'. */
  readonly cause?: 'requested' | 'proxy-change'
}

/** One shard of a client. */
export interface GatewayShard extends ShardStatus {
  /** How many shards the bot has in all. */
  readonly count: number
  /** Payloads that wait to be sent. */
  readonly queuedSends: number
  /**
   * Sends a payload as `GatewayClient.send` does.
   *
   * @throws GatewayError ERR_GATEWAY_SEND, ERR_GATEWAY_CLOSED
   */
  send(payload: GatewaySendPayload): Promise<void>
  /** Leaves the connection and opens another at once. Does nothing when the shard is closed. */
  reconnect(options?: GatewayReconnectOptions): void
  /** Ends this shard alone; it cannot be opened again. Resolves when its socket is closed. */
  close(options?: GatewayCloseOptions): Promise<void>
}
