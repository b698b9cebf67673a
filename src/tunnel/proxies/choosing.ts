import type { Socket } from 'node:net'
import type { TransportError } from '../../errors.js'
import type { Attempt } from '../attempt.js'
import type { Via } from '../fault.js'
import type { ProxyAddress } from './port-watch.js'

/** One of the proxies that a connection can take. */
export interface Candidate {
  /** Tells it from the others. Holds no secret. */
  readonly key: string
  /** Its URL, redacted. */
  readonly shown: string
  /** Where it listens; undefined for a PAC script, which names others. */
  readonly address: ProxyAddress | undefined
}

/** What a candidate has opened. */
export interface Opened {
  readonly socket: Socket
  /** Set where only the proxy itself was connected to. */
  readonly forwardProxy?: { onRefusal: ((error: TransportError) => void) | undefined }
}

/** Opens a connection through one candidate. It calls `onDirect` before it connects directly instead. */
type Open<Kind extends Candidate, Result extends Opened> = (
  candidate: Kind,
  via: Via,
  attempt: Attempt,
  onDirect: () => void,
) => Promise<Result>

/** What one connection asks of the choice. */
export interface Choosing<Kind extends Candidate, Result extends Opened> {
  /** In order of preference. */
  readonly candidates: readonly Kind[]
  /** `host:port`. */
  readonly target: string
  readonly open: Open<Kind, Result>
}

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
  readonly onDown: (proxy: string, error: TransportError) => void
  readonly onUp: (proxy: string, ms: number) => void
  /** Connections take another proxy of the configuration from now on. */
  readonly onChange: (from: string | null, to: string | null, reason: string) => void
}
