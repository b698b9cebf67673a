import type { TransportErrorCode, TransportPhase } from '../../errors.js'
import { say } from '../../messages/index.js'

/** A refusal or a wrong answer from behind a working route. */
export type DiscordCode =
  | 'ERR_DISCORD_TOKEN'
  | 'ERR_DISCORD_INTENTS'
  | 'ERR_DISCORD_RATE_LIMIT'
  | 'ERR_DISCORD_REFUSED'
  | 'ERR_DISCORD_UNAVAILABLE'
  | 'ERR_DISCORD_ANSWER'
  | 'ERR_DISCORD_CLOSED'

/** Why a hop failed: a code of the route, or Discord's own answer. */
export type DiagnosisCode = TransportErrorCode | DiscordCode

/** The hops of the route are the phases of a TransportError; those behind it are what a bot does first. */
export type HopId =
  | Exclude<TransportPhase, 'exchange'>
  | 'rest'
  | 'gateway'
  | 'cdn'
  | 'hosts'
  | 'identity'
  | 'intents'
  | 'gateway-bot'
  | 'ready'
  | 'send'
  | 'upload'
  | 'download'
  | 'edit'
  | 'delete'

/** `not-reached`: an earlier hop failed, so this one was not tried. */
export type HopStatus = 'ok' | 'failed' | 'not-reached'

/** One hop of a diagnosis. */
export interface DiagnosedHop {
  readonly id: HopId
  /** Its name for people. */
  readonly title: string
  readonly status: HopStatus
  /** Milliseconds from the start of the diagnosis; null where the hop has no time of its own. */
  readonly startMs: number | null
  /** How long it took; null as above. */
  readonly ms: number | null
  /** What was seen: a certificate's issuer, a status, a number of shards. */
  readonly detail: string | null
  /** Null unless the hop failed, as are `phase`, `message` and `hint`. */
  readonly code: DiagnosisCode | null
  /** The step within the hop, for hops that open a tunnel of their own. */
  readonly phase: TransportPhase | null
  readonly message: string | null
  readonly hint: string | null
}

/** The hops of a message's life, in their order. */
export const MESSAGE_HOPS: readonly HopId[] = ['send', 'upload', 'download', 'edit', 'delete']

/** From this host to TLS with Discord, in the order in which a connection passes them. */
const ROUTE_ORDER: readonly HopId[] = [
  'pac',
  'proxy-dns',
  'proxy-connect',
  'proxy-tls',
  'proxy-auth',
  'tunnel',
  'target-dns',
  'target-connect',
  'target-tls',
]

const ORDER: readonly HopId[] = [
  'config',
  ...ROUTE_ORDER,
  'rest',
  'gateway',
  'cdn',
  'hosts',
  'identity',
  'intents',
  'gateway-bot',
  'ready',
  ...MESSAGE_HOPS,
]

export function isRouteHop(id: HopId): boolean {
  return ROUTE_ORDER.includes(id)
}

export function inOrder(ids: Iterable<HopId>): HopId[] {
  const wanted = new Set(ids)
  return ORDER.filter((id) => wanted.has(id))
}

/** @param target `host:port` that the route leads to */
export function titleOf(id: HopId, target: string): string {
  if (id === 'tunnel' || id === 'target-connect') return say(`doctor.title.${id}`, { target })
  if (id === 'target-dns') return say('doctor.title.target-dns', { host: target.replace(/:\d+$/, '') })
  return say(`doctor.title.${id}`)
}
