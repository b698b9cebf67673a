import type { ProxyProtocol } from '../../src/index.js'
import type { ProxyUnderTest } from '../cases/index.js'
import type { LabScheme } from '../lab/proxy/index.js'
import { FULL } from '../support/matrix.js'

/** What one scheme's proxies are, and what they are expected to say. */
export interface Scenario {
  readonly scheme: ProxyProtocol
  /** What the lab has to run behind it. */
  readonly lab: LabScheme
  readonly auth: boolean
  readonly says?: ProxyUnderTest['says']
}

export const SCENARIOS: readonly Scenario[] = [
  { scheme: 'http', lab: 'http', auth: true },
  { scheme: 'https', lab: 'https', auth: true },
  { scheme: 'socks', lab: 'socks5', auth: true },
  // A SOCKS4 proxy never hears a name that its client could not look up, and says 91 to everything else.
  { scheme: 'socks4', lab: 'socks4', auth: true },
  { scheme: 'socks4a', lab: 'socks4a', auth: true, says: { unknownName: 'ERR_PROXY_DENIED' } },
  { scheme: 'socks5', lab: 'socks5', auth: true },
  { scheme: 'socks5h', lab: 'socks5', auth: true },
  // A PAC script has no room for credentials.
  { scheme: 'pac+http', lab: 'http', auth: false },
  { scheme: 'pac+https', lab: 'https', auth: false },
  { scheme: 'pac+file', lab: 'socks5', auth: false },
  { scheme: 'pac+data', lab: 'http', auth: false },
]

/** Each way of the opener once. The others differ from one of these in their name, or in where the script comes from. */
const ONE_OF_EACH: readonly ProxyProtocol[] = ['http', 'https', 'socks4', 'socks4a', 'socks5h', 'pac+https']

/** E2E_SCHEMES names them: `npm run test:nodes` sets it so that each scheme meets each line of Node. */
export function chosenScenarios(): readonly Scenario[] {
  const given = process.env['E2E_SCHEMES']?.split(',')
  if (given === undefined && FULL) return SCENARIOS
  const chosen: readonly string[] = given ?? ONE_OF_EACH
  return SCENARIOS.filter(({ scheme }) => chosen.includes(scheme))
}
