import type { TransportErrorCode, TransportPhase } from '../../errors.js'

/** What Discord said no with, once the route had brought the question there. */
export type DiscordCode =
  | 'ERR_DISCORD_TOKEN'
  | 'ERR_DISCORD_RATE_LIMIT'
  | 'ERR_DISCORD_REFUSED'
  | 'ERR_DISCORD_UNAVAILABLE'
  | 'ERR_DISCORD_ANSWER'
  | 'ERR_DISCORD_CLOSED'

export type DiagnosisCode = TransportErrorCode | DiscordCode

/** The hops of the route are the phases of a TransportError; those behind it are what a bot does first. */
export type HopId =
  Exclude<TransportPhase, 'exchange'> | 'rest' | 'gateway' | 'cdn' | 'identity' | 'gateway-bot' | 'ready'

export type HopStatus = 'ok' | 'failed' | 'not-reached'

/** One hop of a diagnosis. */
export interface DiagnosedHop {
  readonly id: HopId
  /** What it is, in words. */
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

const BEHIND_ROUTE: readonly HopId[] = ['rest', 'gateway', 'cdn', 'identity', 'gateway-bot', 'ready']

const ORDER: readonly HopId[] = ['config', ...ROUTE_ORDER, ...BEHIND_ROUTE]

export function isRouteHop(id: HopId): boolean {
  return ROUTE_ORDER.includes(id)
}

export function inOrder(ids: Iterable<HopId>): HopId[] {
  const wanted = new Set(ids)
  return ORDER.filter((id) => wanted.has(id))
}

/** @param target `host:port` that the route leads to */
export function titleOf(id: HopId, target: string): string {
  const host = target.replace(/:\d+$/, '')
  switch (id) {
    case 'config':
      return 'configuration'
    case 'pac':
      return 'PAC script'
    case 'proxy-dns':
      return 'name of the proxy'
    case 'proxy-connect':
      return 'TCP to the proxy'
    case 'proxy-tls':
      return 'TLS to the proxy'
    case 'proxy-auth':
      return 'authentication'
    case 'tunnel':
      return `tunnel to ${target}`
    case 'target-dns':
      return `name of ${host}`
    case 'target-connect':
      return `TCP to ${target}`
    case 'target-tls':
      return 'TLS to Discord'
    case 'rest':
      return 'GET /gateway'
    case 'gateway':
      return 'gateway to HELLO'
    case 'cdn':
      return 'GET from the CDN'
    case 'identity':
      return 'GET /users/@me'
    case 'gateway-bot':
      return 'GET /gateway/bot'
    case 'ready':
      return 'IDENTIFY to READY'
  }
}
