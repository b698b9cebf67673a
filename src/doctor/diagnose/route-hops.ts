import type { Socket } from 'node:net'
import type { ResolvedOptions, RoutePolicy } from '../../config/index.js'
import { systemCode, TransportError, type TransportPhase } from '../../errors.js'
import { say, text } from '../../messages/index.js'
import { authority, type Route } from '../../tunnel/index.js'
import { certificateOf, describeCertificate, proxyCertificate, type SeenCertificate } from './certificate.js'
import { REST_HOST } from '../../discord/hosts.js'
import { hopFailure, NO_TIME, type HopFailure, type HopLog } from './hop-log.js'
import { isRouteHop, type HopId } from './hops.js'
import { PhaseClock } from './phase-clock.js'

/** Where the route is tried: Discord's REST API. */
export const TARGET = { host: REST_HOST, port: 443 } as const

/** How long a second look at a certificate may take: it must not use up what the hops behind it need. */
const CERTIFICATE_TIMEOUT_MS = 1_500
const CERTIFICATE_SHARE = 1 / 4

export interface RouteLimits {
  /** Milliseconds for the tunnel. */
  readonly timeoutMs: number
  /** Milliseconds that are left for everything. */
  readonly remainingMs: () => number
  readonly signal: AbortSignal
}

/** How the attempt to open a tunnel ended. */
export type RouteOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly failure: HopFailure
      readonly cause: unknown
      readonly certificate: SeenCertificate | undefined
    }

/** The hops that a tunnel to {@link TARGET} has; a PAC script's are known when it has spoken. */
export function routeHops(policy: RoutePolicy, options: ResolvedOptions): readonly HopId[] {
  const { proxy } = policy
  if (proxy === null || policy.decide(TARGET.host, TARGET.port).route === 'direct')
    return ['target-dns', 'target-connect', 'target-tls']
  if (proxy.kind === 'pac') return ['pac', 'target-tls']
  const local = proxy.protocol === 'socks4' || options.dns === 'local'
  return [
    ...(/^[\d.]+$|:/.test(proxy.host) ? [] : (['proxy-dns'] as const)),
    'proxy-connect',
    ...(proxy.protocol === 'https' ? (['proxy-tls'] as const) : []),
    'proxy-auth',
    'tunnel',
    ...(local ? (['target-dns'] as const) : []),
    'target-tls',
  ]
}

/** Opens one tunnel with TLS to Discord and notes each hop on the way. */
export async function openRoute(route: Route, log: HopLog, limits: RouteLimits): Promise<RouteOutcome> {
  const { timeoutMs, signal } = limits
  const clock = new PhaseClock(() => log.now)
  const onPhase = (phase: TransportPhase): void => {
    clock.enter(phase)
    if (phase !== 'exchange') log.begin(phase)
  }
  try {
    const socket = await route.openTunnel({ ...TARGET, secure: true }, { timeoutMs, signal, onPhase })
    clock.stop()
    await passAll(route, log, clock, socket, limits)
    socket.destroy()
    return { ok: true }
  } catch (error) {
    clock.stop()
    const failure = hopFailure(error, log.audience)
    const certificate = isVerification(error) ? await certificateAt(failure, route, limits) : undefined
    const detail = certificate === undefined ? null : describeCertificate(certificate)
    noteFailure(log, clock, failure, detail)
    return { ok: false, failure, cause: error instanceof TransportError ? error.cause : error, certificate }
  }
}

async function passAll(
  route: Route,
  log: HopLog,
  clock: PhaseClock,
  socket: Socket,
  limits: RouteLimits,
): Promise<void> {
  plan(log, clock)
  const { proxy } = route.policy
  const shown =
    proxy?.kind === 'tunnel' && proxy.protocol === 'https' && clock.entered.has('proxy-tls')
      ? await proxyCertificate(proxy, secondLook(limits))
      : undefined
  const seen = certificateOf(socket)
  const details: Partial<Record<HopId, string>> = {
    ...(shown === undefined ? {} : { 'proxy-tls': describeCertificate(shown) }),
    ...(seen === undefined ? {} : { 'target-tls': describeCertificate(seen) }),
    'proxy-auth': sentCredentials(route)
      ? say('doctor.detail.accepted')
      : say('doctor.detail.no-credentials'),
  }
  for (const id of planned(log)) log.pass(id, timeOf(clock, id), details[id] ?? null)
}

/** Hops before the failed one have passed; those behind it are not reached. */
function noteFailure(log: HopLog, clock: PhaseClock, failure: HopFailure, detail: string | null): void {
  const failed: HopId = failure.phase === null || failure.phase === 'exchange' ? 'tunnel' : failure.phase
  log.plan([failed])
  plan(log, clock)
  for (const id of planned(log)) {
    if (id === failed) {
      // Credentials travel with the tunnel request, and so does the answer to them.
      const entered = id === 'proxy-auth' && !clock.entered.has(id) ? 'tunnel' : id
      log.fail(id, timeOf(clock, entered), failure, detail)
      return
    }
    if (id === 'proxy-auth') {
      if (clock.entered.has(id) || hasJudged(failure)) log.pass(id, timeOf(clock, id))
      else log.skip(id, text('doctor.skipped.proxy-auth'))
    } else if (wasEntered(clock, id)) {
      log.pass(id, timeOf(clock, id))
    }
  }
}

/** Hops that the attempt passed without being expected to: what a PAC script led to. */
function plan(log: HopLog, clock: PhaseClock): void {
  const passed = [...clock.entered].filter((phase) => phase !== 'exchange')
  log.plan(passed)
  if (passed.includes('tunnel')) log.plan(['proxy-auth'])
}

function planned(log: HopLog): readonly HopId[] {
  return log.hops.map(({ id }) => id).filter(isRouteHop)
}

/** A proxy that decides about the destination has let the client pass. */
function hasJudged({ code, phase }: HopFailure): boolean {
  if (phase === 'target-tls') return true
  return code === 'ERR_PROXY_DENIED' || code === 'ERR_TARGET_UNREACHABLE' || code === 'ERR_TARGET_TIMEOUT'
}

function wasEntered(clock: PhaseClock, id: HopId): boolean {
  return [...clock.entered].some((phase) => phase === id)
}

function timeOf(clock: PhaseClock, id: HopId): { startMs: number | null; ms: number | null } {
  const phase = [...clock.entered].find((entered) => entered === id)
  return (phase === undefined ? undefined : clock.timeOf(phase)) ?? NO_TIME
}

function sentCredentials({ policy: { proxy } }: Route): boolean {
  return proxy?.kind === 'tunnel' && proxy.credentials !== undefined
}

/** The peer showed a certificate, and it was refused for what it says. */
function isVerification(error: unknown): boolean {
  const code = error instanceof TransportError ? systemCode(error.cause) : undefined
  return code !== undefined && /CERT|_ISSUER|_LEAF_|_SIGNATURE/.test(code)
}

/** A certificate that was refused is looked at once more, unverified, to name its issuer. Nothing is sent. */
async function certificateAt(
  { phase }: HopFailure,
  route: Route,
  limits: RouteLimits,
): Promise<SeenCertificate | undefined> {
  const { proxy } = route.policy
  if (phase === 'proxy-tls' && proxy?.kind === 'tunnel') return proxyCertificate(proxy, secondLook(limits))
  if (phase !== 'target-tls') return undefined
  const target = { ...TARGET, secure: true, tls: { rejectUnauthorized: false } }
  try {
    const socket = await route.openTunnel(target, { signal: secondLook(limits) })
    const certificate = certificateOf(socket)
    socket.destroy()
    return certificate
  } catch {
    // The second attempt is for the name of the issuer only: the first has said what is wrong.
    return undefined
  }
}

function secondLook({ remainingMs, signal }: RouteLimits): AbortSignal {
  const timeoutMs = Math.min(CERTIFICATE_TIMEOUT_MS, Math.ceil(remainingMs() * CERTIFICATE_SHARE))
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
}

/** `host:port` of {@link TARGET}. */
export const TARGET_AUTHORITY = authority(TARGET)
