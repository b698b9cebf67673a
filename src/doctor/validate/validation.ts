import type { ProxySource } from '../../config/index.js'
import type { DestinationCategory } from '../policy/index.js'

/** One destination that was tried. */
export interface ValidationCheck {
  /** `allowed`: must be let through. `denied` and `canary` (a server on loopback): must be refused. `policy`: a destination of the policy. */
  readonly kind: 'allowed' | 'denied' | 'canary' | 'policy'
  /** Of a list of proxies: the one that was asked, redacted. */
  readonly proxy?: string
  /** `host:port` for `policy`, which opens a tunnel and asks for nothing. */
  readonly url: string
  /** Whether the proxy did what is expected of it. */
  readonly ok: boolean
  /** The HTTP status of the destination; null where it gave none. */
  readonly status: number | null
  /** Why the check failed; for a destination that was refused, how. */
  readonly error: string | null
}

/** A check of the policy: one range, exception or name of it. */
export interface PolicyCheck extends ValidationCheck {
  readonly kind: 'policy'
  /**
   * - `denied`: the proxy refused.
   * - `blocked`: the proxy could not connect, because a packet filter or a missing address family stops it. It
   *   passes, but clients of the proxy see a failed connection in place of a refusal.
   * - `reached`: the proxy opened a tunnel.
   * - `allowed`: an exception was let through.
   * - `inconclusive`: none of these is proven.
   */
  readonly verdict: 'denied' | 'blocked' | 'reached' | 'allowed' | 'inconclusive'
  /** A range or a name; of an exception with a port, `range:port`. */
  readonly destination: string
  readonly category: DestinationCategory | 'exception'
  readonly reason: string
}

/** What {@link validateProxy} resolves with, and `discord-transport validate --json` prints. Holds no secret. */
export interface ProxyValidation {
  readonly schemaVersion: 1
  /** Whether the configuration is usable and every check passed. */
  readonly ok: boolean
  readonly config: {
    /** Whether a proxy is in use. */
    readonly enabled: boolean
    /** Redacted; of a list the first. Null without a proxy. */
    readonly proxyUrl: string | null
    /** Of a list: all of them, redacted, in order of preference. Each is checked. */
    readonly proxyUrls?: readonly string[]
    readonly source: ProxySource | null
    readonly errors: readonly string[]
  }
  readonly checks: readonly (ValidationCheck | PolicyCheck)[]
}
