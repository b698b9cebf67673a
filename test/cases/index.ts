import { it } from 'vitest'
import type { DiscordTransport, TransportOptions } from '../../src/index.js'
import type { FakeDiscord } from '../lab/discord/index.js'
import type { Ability, Case, ProxyUnderTest } from './case.js'
import { GATEWAY_CASES } from './gateway-cases.js'
import { REFUSAL_CASES } from './refusal-cases.js'
import { REST_CASES } from './rest-cases.js'
import { createDiscordTransport } from './subject.js'

export { UNKNOWN_HOST, type Ability, type Case, type ProxyUnderTest } from './case.js'

/** What must hold through every proxy, of the lab or real. */
export const ALL_CASES: readonly Case[] = [...GATEWAY_CASES, ...REST_CASES, ...REFUSAL_CASES]

/** Where a suite runs the cases; asked for when a case runs, so that hooks can set it up. */
export interface CaseSite {
  readonly proxy: ProxyUnderTest
  readonly discord: FakeDiscord
  /** Options for every transport, below the proxy's own. */
  readonly options?: TransportOptions
}

/** How a case went. */
export interface CaseOutcome {
  readonly column: string
  readonly outcome: 'passed' | 'failed'
}

/** Runs one case and closes what it opened. */
export async function runCase({ run }: Case, { proxy, discord, options }: CaseSite): Promise<void> {
  const opened: DiscordTransport[] = []
  try {
    await run({
      proxy,
      discord,
      open: (own = {}) => {
        const common = { proxy: proxy.url, env: {}, tls: { ca: discord.ca } }
        const transport = createDiscordTransport({ ...common, ...options, ...proxy.options, ...own })
        opened.push(transport)
        return transport
      },
    })
  } finally {
    await Promise.all(opened.map((transport) => transport.close()))
  }
}

/** Declares one test for each case that a proxy with these abilities can be put to. */
export function itHolds(
  has: readonly Ability[],
  site: () => CaseSite,
  report?: (outcome: CaseOutcome) => void,
): void {
  for (const each of ALL_CASES) {
    const { title, column, needs } = each
    if (needs !== undefined && !has.includes(needs)) continue
    it(title, async () => {
      try {
        await runCase(each, site())
        report?.({ column, outcome: 'passed' })
      } catch (error) {
        report?.({ column, outcome: 'failed' })
        throw error
      }
    })
  }
}
