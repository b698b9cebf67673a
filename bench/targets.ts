import { BASE, OURS, OURS_SOCKS } from './contenders/index.js'
import type { Load } from './client/commands.js'
import { BURST, SECOND } from './limits.js'
import type { ProxiedBurst, Result } from './results.js'
import { pairedRatio } from './statistics.js'
import { cpuPerSend, sendsASecond } from './tables.js'

/** Something that has to be true, and what was measured. */
export interface Target {
  readonly claim: string
  readonly measured: number
  readonly met: boolean
}

/** The targets that these results can answer; all at 16 sends at a time. */
export function checkTargets(results: readonly Result[]): readonly Target[] {
  const named = (name: string): Result | undefined =>
    results.find(({ contender, loads }) => contender.name === name && loads.size > 0)
  const base = named(BASE)
  const targets: (Target | undefined)[] = [
    ...[named(OURS), named(OURS_SOCKS)].map((ours) => againstFetches(ours, results)),
    atLeast('sends a second, to undici.request through the same proxy', named(OURS), base, 0.95),
    atMost('CPU per send, to undici.request through the same proxy', named(OURS), base, 1.1),
    ...coldCode(named(OURS), base),
    burst(BURST, 1.2, ({ bursts }) => bursts, results),
    burst(SECOND, 1.05, ({ seconds }) => seconds, results),
    imported(named(OURS), base),
    cold(named(OURS)),
    silent(named(OURS)),
  ]
  return targets.filter((target) => target !== undefined)
}

function againstFetches(ours: Result | undefined, results: readonly Result[]): Target | undefined {
  if (ours === undefined) return undefined
  const { proxy } = ours.contender
  const peers = results.filter(
    ({ contender, loads }) =>
      contender.kind === 'fetch' && contender.proxy === proxy && contender.node22 !== true && loads.size > 0,
  )
  const ratios = peers.flatMap((peer) => ratio(ours, peer, sendsASecond) ?? [])
  if (ratios.length === 0) return undefined
  const measured = Math.min(...ratios)
  const by = proxy === 'http' ? 'an HTTP proxy' : 'a SOCKS5 proxy'
  return {
    claim: `sends a second, to the best of the peers' fetches by ${by}: at least 3`,
    measured,
    met: measured >= 3,
  }
}

function atLeast(
  what: string,
  ours: Result | undefined,
  other: Result | undefined,
  least: number,
): Target | undefined {
  const measured = ratio(ours, other, sendsASecond)
  if (measured === undefined) return undefined
  return { claim: `${what}: at least ${least}`, measured, met: measured >= least }
}

function atMost(
  what: string,
  ours: Result | undefined,
  other: Result | undefined,
  most: number,
): Target | undefined {
  const measured = ratio(ours, other, cpuPerSend)
  if (measured === undefined) return undefined
  return { claim: `${what}: at most ${most}`, measured, met: measured <= most }
}

/** One for each version of Node. */
function coldCode(ours: Result | undefined, base: Result | undefined): readonly Target[] {
  return [...(ours?.firstSends ?? [])].flatMap(([node, values]) => {
    const measured = pairedRatio(values, base?.firstSends.get(node) ?? [])
    if (measured === undefined) return []
    const claim = `CPU of the first sends on Node ${node}, to undici.request: at most 1.15`
    return [{ claim, measured, met: measured <= 1.15 }]
  })
}

/** Beside the best of the peers by the same kind of proxy, each on the line of Node that it was measured on. */
function burst(
  count: number,
  most: number,
  read: (result: Result) => readonly ProxiedBurst[],
  results: readonly Result[],
): Target | undefined {
  const ms = (result: Result): number[] => read(result).map((each) => each.ms)
  const isOurs = ({ contender }: Result): boolean => contender.name.includes('discord-transport')
  const ours = results.filter(({ contender }) => contender.file === 'ours' && contender.proxy === 'http')
  const ratios = results
    .filter((peer) => peer.contender.proxy === 'http' && !isOurs(peer))
    .flatMap((peer) => {
      const same = ours.find(({ contender }) => contender.node22 === peer.contender.node22)
      return same === undefined ? [] : (pairedRatio(ms(same), ms(peer)) ?? [])
    })
  if (ratios.length === 0) return undefined
  const measured = Math.max(...ratios)
  return {
    claim: `time of ${count} sends at once, to the best peer: at most ${most}`,
    measured,
    met: measured <= most,
  }
}

function imported(ours: Result | undefined, base: Result | undefined): Target | undefined {
  const measured = pairedRatio(ours?.importMs ?? [], base?.importMs ?? [])
  if (measured === undefined) return undefined
  return { claim: 'time of the import, to undici: at most 1.6', measured, met: measured <= 1.6 }
}

/** TCP, CONNECT, TLS 1.3 and the request: one round trip each. */
function cold(ours: Result | undefined): Target | undefined {
  if (ours?.cold === undefined) return undefined
  const { roundTrips } = ours.cold
  return { claim: 'round trips of a cold send: at most 4', measured: roundTrips, met: roundTrips <= 4 }
}

function silent(ours: Result | undefined): Target | undefined {
  if (ours?.silent === undefined) return undefined
  const { roundTrips } = ours.silent
  return { claim: 'round trips of a send after a silence: 1', measured: roundTrips, met: roundTrips === 1 }
}

function ratio(
  one: Result | undefined,
  other: Result | undefined,
  read: (load: Load) => number,
): number | undefined {
  return pairedRatio((one?.loads.get(16) ?? []).map(read), (other?.loads.get(16) ?? []).map(read))
}

export function renderTargets(targets: readonly Target[]): string {
  return targets
    .map(
      ({ claim, measured, met }) =>
        `- ${met ? 'met' : '**missed**'}: ${claim}; measured ${Number(measured.toFixed(2))}`,
    )
    .join('\n')
}
