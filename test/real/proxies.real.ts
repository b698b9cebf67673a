import { beforeAll, describe, expect, it } from 'vitest'
import { ALL_CASES, itHolds, type CaseOutcome } from '../cases/index.js'
import { watchLookups, type LookupWatch } from '../cases/local-names.js'
import { subjectForm } from '../cases/subject.js'
import { missingPrograms, requireRealProxies, versionsOf } from './installed.js'
import { openLocalSite, type LocalSite } from './local-site.js'
import { REAL_PROXIES, startRealProxy, type RunningProxy } from './proxies/index.js'
import { writeResult, type ProxyResult } from './results.js'

/** `2/4`: the second of every four. `npm run test:nodes` deals the proxies out over the lines of Node. */
const [part = 1, parts = 1] = (process.env['REAL_PROXIES_PART'] ?? '1/1').split('/').map(Number)
const chosen = REAL_PROXIES.filter((_, at) => at % parts === part - 1)

const results: ProxyResult[] = []
const skipped: { proxy: string; missing: readonly string[] }[] = []
let local: LocalSite

beforeAll(async () => {
  local = await openLocalSite()
  return async () => {
    await local.close()
    writeResult({
      node: process.versions.node,
      form: subjectForm,
      columns: ALL_CASES.map(({ column }) => column),
      proxies: results,
      skipped,
    })
  }
})

for (const proxy of chosen) {
  const missing = missingPrograms(proxy.programs)
  if (missing.length > 0) {
    skipped.push({ proxy: proxy.name, missing })
    if (!requireRealProxies) console.warn(`SKIPPED: ${proxy.name} is not installed (${missing.join(', ')})`)
    const title = `through ${proxy.name}: not installed (${missing.join(', ')})`
    it.skipIf(!requireRealProxies)(title, () => expect(missing).toEqual([]))
    continue
  }

  describe(`through ${proxy.name}`, () => {
    const cases: Record<string, CaseOutcome['outcome']> = {}
    results.push({ proxy: proxy.name, versions: versionsOf(proxy), cases })
    let running: RunningProxy
    let lookups: LookupWatch
    let asked: number

    beforeAll(async () => {
      running = await startRealProxy(proxy, local.site)
      asked = local.nameServer.queries.length
      // This process knows no name; socks4, which cannot carry one, is told the addresses.
      const knowsAddresses = running.under.url.startsWith('socks4:')
      lookups = watchLookups((host) =>
        knowsAddresses ? local.outside.names.resolve(host, 443)?.host : undefined,
      )
      return async () => {
        lookups[Symbol.dispose]()
        await running.stop()
      }
    })

    itHolds(
      ['restart', ...proxy.has],
      () => ({ proxy: running.under, discord: local.outside.discord }),
      ({ column, outcome }) => (cases[column] = outcome),
    )

    it('looked the names up itself, and this process did not; with socks4 it is the other way round', () => {
      // SOCKS4 has no such claim to show in the table.
      if (running.under.url.startsWith('socks4:')) {
        expect(lookups.names).toContain('discord.com')
        return
      }
      cases['names'] = 'failed'
      const names = local.nameServer.queries.slice(asked).map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['discord.com', 'gateway.discord.gg']))
      expect(lookups.names).toEqual([])
      cases['names'] = 'passed'
    })
  })
}
