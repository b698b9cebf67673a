import { TransportError } from '../../errors.js'
import { authority } from '../../tunnel/index.js'
import { DENIED_NAMES, DENIED_RANGES, type DestinationCategory } from '../policy/destinations.js'
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

/**
 * Each asks the proxy for a tunnel to one address of a range that it should refuse, or to a name. Nothing is sent
 * into a tunnel that opens: there may be a real service at its end.
 */
export function policyProbes(
  proxied: ProxiedRoute,
  timeoutMs: number,
): readonly (() => Promise<PolicyCheck>)[] {
  return DESTINATIONS.map((destination) => () => probe(destination, proxied, timeoutMs))
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

/**
 * Only a refusal in so many words. SOCKS4 has one reply for "I will not" and "I could not", and a 429 is about how
 * often, not about where.
 */
export function isDenial({ code, retryable }: TransportError, protocol: string): boolean {
  return code === 'ERR_PROXY_DENIED' && !retryable && protocol !== 'socks4' && protocol !== 'socks4a'
}
