import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createDiscordTransport,
  type DiscordTransport,
  type TransportErrorCode,
  type TransportPhase,
} from '../../src/index.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { faultsFor, type LabProxy, type LabScheme, type NamedFault } from '../lab/proxy/index.js'
import { FACES, failureOf } from './faces.js'
import { startFaultyProxy } from './faulty-proxy.js'
import { labAuthority } from '../lab/certificates.js'
import { LocalDns } from './local-dns.js'

/** What a caller sees: bytes of Discord, or a failure's code and phase. */
export type Outcome = 'works' | `${TransportErrorCode} ${TransportPhase}`

/** More than one where the fault is a race between the proxy's RST and our side of the connection. */
export type Expected = Outcome | readonly Outcome[]

/** For faults that hold us until a deadline: enough for a busy machine to reach the step in question. */
const CONNECT_TIMEOUT_MS = 800
const MARGIN_MS = 800

/**
 * One test for each fault that a proxy of this scheme can have: all faces see the same outcome, in time, and
 * the proxy sees each of its connections close. `expected` must name every fault, and no other.
 */
export function describeFaults(scheme: LabScheme, expected: Readonly<Record<string, Expected>>): void {
  const names = new LabNames()
  const dns = new LocalDns()
  let discord: FakeDiscord
  let restoreDns: () => void

  const start = async (fault: NamedFault): Promise<{ proxy: LabProxy; transport: DiscordTransport }> => {
    const proxy = await startFaultyProxy(scheme, names, fault)
    const ca = await labAuthority()
    const transport = createDiscordTransport({
      proxy: proxy.url,
      tls: { ca: discord.ca },
      proxyTls: { ca: ca.certificate },
      // For all others the default, so that the speed of this machine is no part of the outcome.
      ...(isTimeout(expected[fault.name]) ? { connectTimeoutMs: CONNECT_TIMEOUT_MS } : {}),
      keepWarm: false,
      delivery: false,
      env: {},
    })
    return { proxy, transport }
  }

  describe(`every way in which an ${scheme} proxy can fail has one name on every face`, () => {
    beforeAll(async () => {
      discord = await startDiscord({ names, ca: await labAuthority() })
      // SOCKS4 cannot carry a name.
      if (scheme === 'socks4') for (const { host, ipv4 } of names.addresses) dns.answer(host, ipv4)
      restoreDns = dns.patchNode()
    })
    afterAll(async () => {
      restoreDns()
      await discord.close()
    })

    test('the table has every fault', () => {
      expect(Object.keys(expected).sort()).toEqual(
        faultsFor(scheme)
          .map(({ name }) => name)
          .sort(),
      )
    })

    for (const fault of faultsFor(scheme)) {
      const outcome = expected[fault.name]
      if (outcome === undefined) continue
      test.concurrent(`${fault.name}: ${[outcome].flat().join(' or ')}`, async () => {
        const { proxy, transport } = await start(fault)
        try {
          if (outcome === 'works') await expectAllToWork(transport)
          else await expectAllToFail(transport, proxy, outcome)
        } finally {
          await transport.close()
          await proxy.close()
        }
      })
    }

    test('and none of them makes this host look up a name of Discord', () => {
      if (scheme !== 'socks4') expect(dns.queries).toEqual([])
      expect(dns.leaked).toBe(0)
    })
  })
}

function isTimeout(expected: Expected | undefined): boolean {
  return typeof expected === 'string' && expected.includes('_TIMEOUT ')
}

async function expectAllToWork(transport: DiscordTransport): Promise<void> {
  await Promise.all(Object.values(FACES).map((reach) => reach(transport)))
}

async function expectAllToFail(
  transport: DiscordTransport,
  proxy: LabProxy,
  expected: Exclude<Expected, 'works'>,
): Promise<void> {
  const startedAt = performance.now()
  const seen = await Promise.all(
    Object.values(FACES).map(async (reach) => {
      const { code, phase, hint, target } = await failureOf(reach(transport))
      return {
        outcome: `${code} ${phase}`,
        // REST and the gateway have different hosts.
        hint: hint.replaceAll(target ?? '', '<target>'),
        late: isTimeout(expected) && performance.now() - startedAt > CONNECT_TIMEOUT_MS + MARGIN_MS,
      }
    }),
  )
  const [first] = seen
  for (const one of seen) {
    expect([expected].flat()).toContain(one.outcome)
    expect(one.late).toBe(false)
    if (typeof expected === 'string') expect(one).toEqual(first)
  }
  // Nobody has closed the transport: whoever failed has put away what it opened.
  await Promise.all(proxy.connections.map(({ closed }) => closed))
  expect(transport.stats().tunnels.open).toBe(0)
}
