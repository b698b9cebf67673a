import type { TransportPhase } from '../errors.js'

/** How one tunnel's opening is bounded. */
export interface TunnelLimits {
  readonly signal?: AbortSignal
  /** Milliseconds; the transport's `connectTimeoutMs` when absent. */
  readonly timeoutMs?: number
  /**
   * Whether the destination may send before it is asked, as a mail server does. Otherwise its first bytes behind the
   * proxy's answer are taken for the proxy's own. Default: false.
   */
  readonly serverFirst?: boolean
  /** Called when a step begins. */
  readonly onPhase?: (phase: TransportPhase) => void
}

export interface HttpConnectionLimits extends TunnelLimits {
  /** Whether the connection must end at the target itself: an upgrade cannot be forwarded. */
  readonly tunnelOnly?: boolean
}
