import { say } from '../../messages/index.js'
import type { DiagnosedHop } from './hops.js'

/** Which of the two ways to Discord works. */
export type ComparisonVerdict = 'proxy-needed' | 'proxy-not-needed' | 'proxy-broken' | 'both-broken'

/** Discord with the proxy and without it. */
export interface Comparison {
  readonly verdict: ComparisonVerdict
  /** The verdict in a sentence. */
  readonly text: string
  /** The direct way, on which no token is sent. */
  readonly direct: { readonly ok: boolean; readonly hops: readonly DiagnosedHop[] }
}

/** Hops that both ways have, beside those of the route: what the token is good for is not the proxy's matter. */
const COMPARED = new Set(['rest', 'gateway', 'cdn'])

export function compare(proxied: readonly DiagnosedHop[], direct: readonly DiagnosedHop[]): Comparison {
  const directOk = works(direct)
  const verdict = works(proxied)
    ? directOk
      ? 'proxy-not-needed'
      : 'proxy-needed'
    : directOk
      ? 'proxy-broken'
      : 'both-broken'
  return { verdict, text: say(`doctor.compared.${verdict}`), direct: { ok: directOk, hops: direct } }
}

/** A route that failed leaves the compared hops not reached. */
function works(hops: readonly DiagnosedHop[]): boolean {
  return hops.filter(({ id }) => COMPARED.has(id)).every(({ status }) => status === 'ok')
}
