import type { Socket } from 'node:net'
import type { GivenProxy, Proxy, TransportEvent } from '../../config/index.js'
import type { Attempt } from '../attempt.js'
import type { Via } from '../fault.js'
import type { ForwardProxy } from '../http/forward-proxy.js'

/** One of the proxies that a connection can take: of the configuration, or named by a PAC script of it. */
export interface Candidate {
  /** Tells it from the others. Holds no secret. */
  readonly key: string
  readonly proxy: Proxy
  /** The proxy of the configuration: this one, or the script that named it. */
  readonly listed: GivenProxy
}

/** A connected socket. `forwardProxy` is set if it ends at a proxy and not at the target. */
export interface Connection {
  readonly socket: Socket
  readonly forwardProxy?: ForwardProxy
  /** The proxy of the configuration that it took, redacted; undefined where it is direct. */
  readonly proxy?: string
  readonly isDirect?: true
}

/** What one connection asks of the choice. */
export interface Choosing {
  /** In order of preference. */
  readonly candidates: readonly Candidate[]
  /** `host:port`. */
  readonly target: string
  /** Opens a connection through one candidate. It calls `onDirect` before it connects directly instead. */
  readonly open: (
    candidate: Candidate,
    via: Via,
    attempt: Attempt,
    onDirect: () => void,
  ) => Promise<Connection>
}

/** A proxy went down or came back, or connections take another one of the configuration from now on. */
export type ProxyEvent = Extract<TransportEvent, { readonly type: `proxy-${string}` }>

export interface ChoiceSettings {
  /** What follows where a proxy refuses a destination. */
  readonly onDenied: 'next' | 'fail'
  /** Milliseconds for an attempt that no connection waits for. */
  readonly connectTimeoutMs: number
  /** Aborted when the transport closes. */
  readonly closing: AbortSignal
  readonly random: () => number
  /** A proxy failed for a reason of its own, or refused a destination. */
  readonly onFailed: (proxy: string) => void
  readonly onEvent: (event: ProxyEvent) => void
}
