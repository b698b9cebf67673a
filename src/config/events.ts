import type { TransportErrorCode, TransportPhase } from '../errors.js'

/** A tunnel through the proxy stands and is ready for use. */
export interface TunnelOpenEvent {
  readonly type: 'tunnel-open'
  /** `host:port` at the far end. */
  readonly target: string
  /** The proxy's URL, redacted; null where the connection goes direct. */
  readonly proxy: string | null
  /** Milliseconds from the first attempt to the usable socket. */
  readonly ms: number
  /** Never present: a tunnel that is used once more is not opened once more, and makes no event. */
  readonly reused?: never
}

/** A tunnel that had been open is gone. Either side may have closed it. */
export interface TunnelCloseEvent {
  readonly type: 'tunnel-close'
  readonly target: string
  readonly proxy: string | null
  /** Bytes written into the tunnel, TLS to the destination included. */
  readonly bytesSent: number
  /** Bytes read out of the tunnel, TLS to the destination included. */
  readonly bytesReceived: number
}

/** A tunnel could not be opened; the caller gets a TransportError with the same code and phase. */
export interface TunnelFailedEvent {
  readonly type: 'tunnel-failed'
  readonly target: string
  readonly proxy: string | null
  readonly code: TransportErrorCode
  readonly phase: TransportPhase
  /** Milliseconds from the first attempt to the failure. */
  readonly ms: number
}

/** A connection goes to its destination without a proxy. */
export interface DirectEvent {
  readonly type: 'direct'
  readonly target: string
  /** Why, as a phrase: `no proxy is configured`, `NO_PROXY entry .discord.com matches`. */
  readonly reason: string
}

/** A proxy has failed for a reason of its own. It rests, and connections take the next of the list if there is one. */
export interface ProxyDownEvent {
  readonly type: 'proxy-down'
  /** The proxy's URL, redacted. */
  readonly proxy: string
  readonly code: TransportErrorCode
  readonly phase: TransportPhase
}

/** A proxy that was down has opened a tunnel, or has answered as a proxy that works. */
export interface ProxyUpEvent {
  readonly type: 'proxy-up'
  /** The proxy's URL, redacted. */
  readonly proxy: string
  /** Milliseconds since its `proxy-down`. */
  readonly ms: number
}

/** New connections take another proxy from now on. Open ones stay where they are. */
export interface ProxyChangeEvent {
  readonly type: 'proxy-change'
  /** The proxy from now on, redacted; null for none. */
  readonly proxy: string | null
  /** The proxy until now, redacted; null for none. */
  readonly from: string | null
  /** Why, as a phrase. */
  readonly reason: string
}

/** A request body of 64 KiB or more is on its way; at most ten of these a second, and one at the end. */
export interface UploadProgressEvent {
  readonly type: 'upload-progress'
  readonly target: string
  readonly method: string
  /** Without its query; tokens of webhooks and interactions are `***`. */
  readonly path: string
  /** Bytes of the body handed to the connection so far. A redirect that sends it once more begins at 0. */
  readonly sentBytes: number
  /** Null where only the end of the body will tell. */
  readonly totalBytes: number | null
}

/** A response body of 64 KiB or more is arriving; at most ten of these a second, and one at the end. */
export interface DownloadProgressEvent {
  readonly type: 'download-progress'
  readonly target: string
  readonly method: string
  /** Without its query; tokens of webhooks and interactions are `***`. */
  readonly path: string
  /** Bytes of the body received so far, before any decoding. */
  readonly receivedBytes: number
  /** Null where the response does not say. */
  readonly totalBytes: number | null
}

/** A request through `fetch` or the dispatcher has an answer, or has failed. Each attempt makes an event. */
export interface RequestEvent {
  readonly type: 'request'
  readonly target: string
  /** The proxy's URL, redacted; null where the request goes direct. */
  readonly proxy: string | null
  readonly method: string
  /** Without its query; tokens of webhooks and interactions are `***`. */
  readonly path: string
  /** The status of the answer; null where the request failed without one. */
  readonly status: number | null
  /** The code of the failure; null where there is an answer, and for a failure without a code. */
  readonly code: string | null
  /** Milliseconds from the call to the head of the answer, or to the failure. */
  readonly ms: number
}

/** What `onEvent` is told. No event holds a credential or a token. */
export type TransportEvent =
  | TunnelOpenEvent
  | TunnelCloseEvent
  | TunnelFailedEvent
  | DirectEvent
  | ProxyDownEvent
  | ProxyUpEvent
  | ProxyChangeEvent
  | UploadProgressEvent
  | DownloadProgressEvent
  | RequestEvent

export type OnEvent = (event: TransportEvent) => void

/** Tells a listener. If it throws, that is an uncaught exception of its author: it must not break a transfer. */
export function emitEvent(
  onEvent: ((event: TransportEvent) => void) | undefined,
  event: TransportEvent,
): void {
  try {
    onEvent?.(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
