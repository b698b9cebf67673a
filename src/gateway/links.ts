import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Environment } from '../config/index.js'
import type { TransportError } from '../errors.js'
import type { Via } from '../tunnel/index.js'
import type { WebSocketOptions } from '../websocket/websocket.js'
import type { BotAccounts, GatewayFetch } from './bot-account.js'

/** What a client needs of its transport. All clients of a transport get the same. */
export interface GatewayLinks {
  readonly fetch: GatewayFetch
  readonly createWebSocket: (url: string, options: WebSocketOptions) => WebSocket
  /**
   * The proxy that a URL is reached through, for the text of an error: that of the connection, or without one the proxy
   * that a new connection takes.
   */
  readonly via: (url: string, tcp?: Socket) => Via
  /**
   * Calls `onReturn` once when the port of a proxy answers that did not answer, as this error says.
   *
   * @returns ends the wait; undefined where the error says no such thing
   */
  readonly onProxyReturn: (error: TransportError, onReturn: () => void) => (() => void) | undefined
  /** What the clients of one token share. */
  readonly accounts: BotAccounts
  /** Where the variables of the timeouts are looked up. */
  readonly env: Environment
}
