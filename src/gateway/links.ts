import type { WebSocket } from 'ws'
import type { Environment } from '../config/index.js'
import type { Hop } from '../tunnel/index.js'
import type { WebSocketOptions } from '../websocket/websocket.js'

/** What the client needs of its transport. */
export interface GatewayLinks {
  readonly fetch: (
    url: string,
    init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
  ) => Promise<Response>
  readonly createWebSocket: (url: string, options: WebSocketOptions) => WebSocket
  /** By which proxy a URL is reached now, for the text of an error. */
  readonly hop: (url: string) => Hop
  /** The client has ended, before it says so: its listeners are its owner's to remove. */
  readonly onClosed: () => void
  /** Where the timeouts' variables are looked up. */
  readonly env: Environment
}
