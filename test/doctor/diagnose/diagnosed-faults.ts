import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDiscordTransport, type Diagnosis } from '../../../src/index.js'
import { startDiscord, type FakeDiscord } from '../../lab/discord/index.js'
import { LabNames } from '../../lab/names.js'
import { faultsFor, type LabScheme, type NamedFault } from '../../lab/proxy/index.js'
import { labAuthority } from '../../lab/certificates.js'
import { LocalDns } from '../../support/local-dns.js'
import { OUTCOMES } from '../../support/fault-outcomes.js'
import { FAULTY_PROXY_AUTH, startFaultyProxy } from '../../support/faulty-proxy.js'
import { outcomeOf } from './diagnose.js'

/** For faults that end by a deadline: enough for every step that is honest, on a busy machine. */
const SHORT = { connectTimeoutMs: 1_500, timeoutMs: 3_500 }
/** The lab drips a byte in a second, and the shortest answers have two. */
const SLOW = { connectTimeoutMs: 800, timeoutMs: 2_800 }
/** For all others, which must not wait for any. */
const LONG = { connectTimeoutMs: 8_000, timeoutMs: 12_000 }
const MARGIN_MS = 2_000

/** One test for each fault of a scheme: the doctor names its hop and its code, shows no secret, and ends in time. */
export function describeDiagnosedFaults(scheme: LabScheme): void {
  const names = new LabNames()
  let discord: FakeDiscord

  beforeAll(async () => {
    discord = await startDiscord({ names, ca: await labAuthority() })
  })
  afterAll(() => discord.close())

  const diagnosisOf = async (
    fault: NamedFault,
    { connectTimeoutMs, timeoutMs }: typeof SHORT,
  ): Promise<Diagnosis> => {
    const proxy = await startFaultyProxy(scheme, names, fault)
    const ca = await labAuthority()
    const transport = createDiscordTransport({
      proxy: proxy.url,
      tls: { ca: discord.ca },
      proxyTls: { ca: ca.certificate },
      connectTimeoutMs,
      env: {},
    })
    try {
      return await transport.diagnose({ timeoutMs, inContainer: false })
    } finally {
      await transport.close()
      await proxy.close()
    }
  }

  const expected = OUTCOMES[scheme]
  // SOCKS4 cannot carry a name, so that this process must know it; the patch of its DNS is one for all.
  const each = scheme === 'socks4' ? test : test.concurrent
  describe(`the doctor finds what is wrong with an ${scheme} proxy`, () => {
    for (const fault of faultsFor(scheme)) {
      const outcomes = [expected[fault.name] ?? 'works'].flat()
      each(`${fault.name}: ${outcomes.join(' or ')}`, async () => {
        if (scheme === 'socks4') {
          const dns = LocalDns.install()
          for (const { host, ipv4 } of names.addresses) dns.answer(host, ipv4)
        }
        const startedAt = performance.now()
        const waits = outcomes.some((known) => known.includes('TIMEOUT'))
        const limits = fault.effect === 'slow' ? SLOW : waits ? SHORT : LONG
        const diagnosis = await diagnosisOf(fault, limits)
        expect(performance.now() - startedAt).toBeLessThan(limits.timeoutMs + MARGIN_MS)
        const outcome = outcomeOf(diagnosis)
        expect(outcomes).toContain(outcome)
        expect(diagnosis.ok).toBe(outcome === 'works')
        expectConsistent(diagnosis)
        expectDiscreet(diagnosis, scheme)
      })
    }

    test('the table has every fault', () => {
      expect(Object.keys(expected).sort()).toEqual(
        faultsFor(scheme)
          .map(({ name }) => name)
          .sort(),
      )
    })
  })
}

/** It shows no secret, and proposes no other scheme: the URL has the right one. Credentials may be what is missing. */
function expectDiscreet(diagnosis: Diagnosis, scheme: LabScheme): void {
  const value = diagnosis.fix?.value ?? null
  if (value !== null)
    expect([outcomeOf(diagnosis), value]).toEqual([
      'ERR_PROXY_AUTH proxy-auth',
      expect.stringContaining(`${scheme}://USER`),
    ])
  const shown = JSON.stringify(diagnosis)
  for (const secret of Object.values(FAULTY_PROXY_AUTH)) {
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain(encodeURIComponent(secret))
  }
}

/** Behind a hop that failed on the route, none is reached; one that failed says why and what to try. */
function expectConsistent({ hops }: Diagnosis): void {
  const failed = hops.findIndex(({ status }) => status === 'failed')
  if (failed === -1) return
  const { message, hint, phase, id } = hops[failed]!
  expect(message).toMatch(/\w/)
  expect(hint).toMatch(/\w/)
  expect(phase).toBe(id)
  for (const { status } of hops.slice(failed + 1)) expect(status).toBe('not-reached')
  for (const { status, id: before } of hops.slice(0, failed)) {
    if (before !== 'proxy-auth') expect(status).toBe('ok')
  }
}
