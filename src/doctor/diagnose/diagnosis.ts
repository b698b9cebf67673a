import type { ProxyDescription } from '../../config/index.js'
import type { Comparison } from './comparison.js'
import type { ConfigurationNote } from './configuration-notes.js'
import type { Fix } from './fix.js'
import type { DiagnosedHop } from './hops.js'

/** What was found on the way through one more proxy of a list. */
export interface ProxyDiagnosis {
  readonly proxy: ProxyDescription
  /** Whether every hop passed. */
  readonly ok: boolean
  readonly hops: readonly DiagnosedHop[]
  /** A change that would help, where one is known. */
  readonly fix: Fix | null
}

/** What `transport.diagnose()` resolves with, and `discord-transport doctor --json` prints. Holds no secret. */
export interface Diagnosis {
  /** Changes with any change that is not an addition. */
  readonly schemaVersion: 1
  /** Whether every hop passed, with a list those of every proxy. */
  readonly ok: boolean
  /** ISO 8601. */
  readonly startedAt: string
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** The proxy whose hops these are, redacted, of a list the first; null where there is none. */
  readonly proxy: ProxyDescription | null
  /** Where discord.com goes, a PAC script asked; null where the configuration is not usable. */
  readonly route: 'proxy' | 'direct' | null
  readonly reason: string
  readonly notes: readonly ConfigurationNote[]
  readonly hops: readonly DiagnosedHop[]
  /** A change that would help, where one is known. */
  readonly fix: Fix | null
  /** Of a list: its other proxies in order of preference, each tried without the token. */
  readonly otherProxies?: readonly ProxyDiagnosis[]
  /** Discord without the proxy, where that was asked for and there is a proxy; else null. */
  readonly comparison: Comparison | null
}
