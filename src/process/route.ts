import type { Agent, ClientRequest, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Dispatcher } from 'undici'
import type { RoutePolicy } from '../config/index.js'
import type { TransportFetch } from '../rest/index.js'
import type { TransportWebSocket, WebSocketOptions } from '../websocket/websocket.js'
import type { PreloadSettings } from './preload-settings.js'

/** What carries the connections of the process. To make it loads undici and zod. */
export interface RouteFaces {
  /** `addRequest` is how Node gives it each request; its types leave that out. */
  readonly agent: Agent & { addRequest(request: ClientRequest, options: RequestOptions): void }
  readonly dispatcher: Dispatcher
  /** A connection to the destination itself, without TLS of ours. It can be aborted. */
  openTunnel(target: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Socket>
  /** The transport's options for TLS to a destination; those that the caller sets win over them. */
  tlsOptions(host: string): ConnectionOptions
  /** undici's Agent for requests in scope that go direct: its connections pass the hooks. */
  readonly direct: Dispatcher
  /** Those of the transport, for a runtime whose own cannot be led. */
  readonly fetch: TransportFetch
  createWebSocket(url: string | URL, options: WebSocketOptions): TransportWebSocket
}

/** A route as the process-wide mode needs it. */
export interface ProcessRoute {
  /** As it is now. Costs nothing to ask. */
  readonly policy: RoutePolicy
  /** Made when a connection needs it, and not before. */
  readonly faces: RouteFaces
}

/** The options of a route as child processes can be given them. */
export interface CarriedOptions {
  /** The settings of the preload that say the same. */
  readonly settings: PreloadSettings
  /** The options that no variable can say. */
  readonly uncarried: readonly string[]
}

export interface ProcessRoutes {
  /** The route of the transport. */
  readonly main: ProcessRoute
  /**
   * That of HTTP_PROXY, for http:// and ws:// URLs: null where HTTP_PROXY has no part. An explicit proxy and
   * OPENCLAW_PROXY_URL carry such URLs themselves.
   */
  readonly plain: ProcessRoute | null
  /** What child processes are to be told of the options. */
  readonly carried: () => CarriedOptions
  /** Calls the listener each time that the proxy has changed. */
  readonly onChange: (listener: () => void) => void
}
