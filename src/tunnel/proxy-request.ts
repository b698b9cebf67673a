import type { Socket } from 'node:net'
import type { ProxyEndpoint } from '../config/index.js'
import type { Via } from './fault.js'
import type { Target } from './target.js'
import type { TlsClient } from './tls.js'

/** What one connection through a proxy needs. */
export interface ProxyRequest {
  readonly endpoint: ProxyEndpoint
  /** Its host is the name or the address that the proxy is to get, as the DNS policy decided. */
  readonly target: Target
  readonly via: Via
}

/** What one connection through an HTTP proxy needs. */
export interface HttpProxyRequest extends ProxyRequest {
  /** The Proxy-Authorization header's value, if any. */
  readonly authorization: string | undefined
  readonly proxyTls: TlsClient
  /** Masks our own credentials and control characters in what the proxy wrote. */
  readonly clean: (text: string) => string
}

/** A tunnel that a proxy has granted. */
export interface OpenedTunnel {
  readonly socket: Socket
  /** Bytes that came right behind the proxy's answer, before we said anything to the destination. */
  readonly earlyBytes: number
}
