import { TransportError } from '../errors.js'
import { authority } from '../route/index.js'
import { DENIED_NAMES, DENIED_RANGES, type DestinationCategory } from './denied-destinations.js'
import type { ProxiedRoute } from './proxied-route.js'
import type { PolicyCheck } from './validation.js'

interface Destination {
  readonly destination: string
  readonly host: string
  readonly category: DestinationCategory
  readonly reason: string
}

const DESTINATIONS: readonly Destination[] = [
  ...DENIED_RANGES.map(({ cidr, sample, category, reason }) => ({
    destination: cidr,
    host: sample,
    category,
    reason,
  })),
  ...DENIED_NAMES.map(({ name, category, reason }) => ({ destination: name, host: name, category, reason })),
]

/** The one port that every proxy lets CONNECT reach: on another its refusal might be about the port. */
const PORT = 443

/** Enough to be quick, few enough for a proxy that limits clients. */
const CONCURRENCY = 8

/**
 * Asks the proxy for a tunnel to one address of each range that it should refuse, and to each name. Nothing is
 * sent into a tunnel that opens: there may be a real service at its end.
 */
export async function probePolicy(
  proxied: ProxiedRoute,
  timeoutMs: number,
  onCheck?: (check: PolicyCheck) => void,
): Promise<readonly PolicyCheck[]> {
  const checks = new Map<Destination, PolicyCheck>()
  const waiting = [...DESTINATIONS]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const check = await probe(next, proxied, timeoutMs)
      checks.set(next, check)
      onCheck?.(check)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return DESTINATIONS.flatMap((destination) => checks.get(destination) ?? [])
}

async function probe(
  { destination, host, category, reason }: Destination,
  { route, proxy }: ProxiedRoute,
  timeoutMs: number,
): Promise<PolicyCheck> {
  const url = authority({ host, port: PORT })
  const check = { kind: 'policy', url, status: null, destination, category, reason } as const
  try {
    const socket = await route.openTunnel({ host, port: PORT, secure: false }, { timeoutMs })
    socket.destroy()
    return { ...check, ok: false, verdict: 'reached', error: 'the proxy opened a tunnel there' }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    return isDenial(error, proxy.protocol)
      ? { ...check, ok: true, verdict: 'denied', error: error.message }
      : { ...check, ok: false, verdict: 'inconclusive', error: `${error.message}: the proxy did not refuse` }
  }
}

/** Only a refusal in so many words. SOCKS4 has one reply for "I will not" and "I could not". */
export function isDenial({ code }: TransportError, protocol: string): boolean {
  return code === 'ERR_PROXY_DENIED' && protocol !== 'socks4' && protocol !== 'socks4a'
}
