import type { DiscordTransport, TransportErrorCode, TransportOptions } from '../../src/index.js'
import type { FakeDiscord } from '../lab/discord/index.js'

/** A name that no proxy and no resolver knows. */
export const UNKNOWN_HOST = 'no-such-host.discord.gg'

/** What some proxies have and others have not: credentials to check, a host to refuse, a way to restart. */
export type Ability = 'credentials' | 'policy' | 'restart'

/** A proxy as the cases see it: where it is, and what it is expected to say. */
export interface ProxyUnderTest {
  /** What a user would give us, credentials included. */
  readonly url: string
  /** What a user would have to give besides. */
  readonly options?: Pick<TransportOptions, 'proxyTls'>
  /** Its URL with credentials that it must not accept, and without any. Empty: it asks for none. */
  readonly refusedUrls: readonly string[]
  /** A host of Discord's that its policy refuses. */
  readonly deniedHost?: string
  readonly says: {
    /** To a tunnel that its policy refuses. Default ERR_PROXY_DENIED. */
    readonly denied?: TransportErrorCode
    /** To a name that it cannot resolve. Default ERR_TARGET_UNREACHABLE. */
    readonly unknownName?: TransportErrorCode
  }
  /** How long a bot may be silent in the idle case. Default 800. */
  readonly idleMs?: number
  /** It closes tunnels that are idle for `idleMs`. */
  readonly cutsIdle?: boolean
  /** Killed and started again, on the same port. */
  readonly restart?: () => Promise<void>
}

/** What a case is given. */
export interface CaseContext {
  readonly proxy: ProxyUnderTest
  readonly discord: FakeDiscord
  /** A transport through the proxy that trusts the fake Discord. It is closed when the case is over. */
  readonly open: (options?: TransportOptions) => DiscordTransport
}

/** One claim about every proxy. */
export interface Case {
  /** What it claims. */
  readonly title: string
  /** The same, short enough for the head of a column. */
  readonly column: string
  /** Default: nothing. */
  readonly needs?: Ability
  readonly run: (context: CaseContext) => Promise<void>
}
