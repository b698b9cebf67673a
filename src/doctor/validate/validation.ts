import type { ProxySource } from '../../config/index.js'
import type { DestinationCategory } from '../policy/destinations.js'

/** One destination that was tried. */
export interface ValidationCheck {
  /** What was expected: to be let through; to be refused; a canary on loopback; a range of the policy. */
  readonly kind: 'allowed' | 'denied' | 'canary' | 'policy'
  /** `host:port` for `policy`, which opens a tunnel and asks for nothing. */
  readonly url: string
  /** Whether the proxy did what is expected of it. */
  readonly ok: boolean
  /** The HTTP status of the destination; null where it gave none. */
  readonly status: number | null
  /** Why the check failed; for a destination that was refused, how. */
  readonly error: string | null
}

/** A check of `policy`: which range it stands for. */
export interface PolicyCheck extends ValidationCheck {
  readonly kind: 'policy'
  readonly verdict: 'denied' | 'reached' | 'inconclusive'
  /** A range or a name. */
  readonly destination: string
  readonly category: DestinationCategory
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
    /** Redacted. */
    readonly proxyUrl: string | null
    readonly source: ProxySource | null
    readonly errors: readonly string[]
  }
  readonly checks: readonly (ValidationCheck | PolicyCheck)[]
}
