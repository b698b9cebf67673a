import { describe, expect, test } from 'vitest'
import type { HopProgress } from '../../../src/index.js'
import type { LabScheme } from '../../lab/proxy/index.js'
import { startLab, type Lab } from '../../support/lab.js'
import { diagnose } from './diagnose.js'

/** A wire on which each hop takes a while. */
const SLOW_WIRE = { delayMs: 20 }
const LIMIT_MS = 1_500
/** A close frame may take half a second to be answered; the rest is this machine's. */
const MARGIN_MS = 2_500

interface Stall {
  readonly scheme?: LabScheme
  /** Called when this hop begins. */
  readonly at?: HopProgress['id']
  readonly stall: (lab: Lab) => void
  /** The hops that fail, and with what. */
  readonly fails: Readonly<Record<string, string>>
}

const PROXY_STALLS = { rest: 'ERR_PROXY_TIMEOUT', gateway: 'ERR_PROXY_TIMEOUT', cdn: 'ERR_PROXY_TIMEOUT' }

/** What lets the hops before it pass, and then says nothing any more. */
const STALLS: Readonly<Record<string, Stall>> = {
  'the proxy, from its second connection on': {
    at: 'rest',
    stall: ({ proxy }) => (proxy.fault = { kind: 'accept', verb: 'silence' }),
    fails: { ...PROXY_STALLS, identity: 'ERR_PROXY_TIMEOUT' },
  },
  'an https proxy, from its second connection on': {
    scheme: 'https',
    at: 'target-tls',
    stall: ({ proxy }) => (proxy.fault = { kind: 'accept', verb: 'silence' }),
    fails: { ...PROXY_STALLS, identity: 'ERR_PROXY_TIMEOUT' },
  },
  'every tunnel but the first': {
    at: 'rest',
    stall: ({ proxy }) => (proxy.fault = { kind: 'tunnel-silence' }),
    fails: {
      rest: 'ERR_TARGET_TIMEOUT',
      gateway: 'ERR_TARGET_TIMEOUT',
      cdn: 'ERR_TARGET_TIMEOUT',
      identity: 'ERR_TARGET_TIMEOUT',
    },
  },
  'GET /gateway': {
    stall: ({ discord }) => discord.rest.intercept('GET /gateway', () => ({ stall: true })),
    fails: { rest: 'ERR_TARGET_TIMEOUT' },
  },
  'the body of GET /gateway': {
    stall: ({ discord }) =>
      discord.rest.intercept('GET /gateway', () => ({ apply: true, trickle: { bytes: 1, everyMs: 500 } })),
    fails: { rest: 'ERR_TARGET_TIMEOUT' },
  },
  'the upgrade of the gateway': {
    stall: ({ discord }) => discord.gateway.stallUpgradeOnce(),
    fails: { gateway: 'ERR_TARGET_TIMEOUT' },
  },
  'GET /users/@me': {
    stall: ({ discord }) => discord.rest.intercept('GET /users/@me', () => ({ stall: true })),
    fails: { identity: 'ERR_TARGET_TIMEOUT' },
  },
  'GET /gateway/bot': {
    stall: ({ discord }) => discord.rest.intercept('GET /gateway/bot', () => ({ stall: true })),
    fails: { 'gateway-bot': 'ERR_TARGET_TIMEOUT' },
  },
  READY: {
    at: 'ready',
    stall: ({ discord }) => discord.gateway.freeze(),
    fails: { ready: 'ERR_TARGET_TIMEOUT' },
  },
}

describe('a stall at any hop ends with the time for all of them, and is blamed on who stalls', () => {
  test.each(Object.entries(STALLS))(
    '%s',
    async (_title, { scheme = 'http', at = 'config', stall, fails }) => {
      const lab = await startLab({ scheme, ...SLOW_WIRE })
      const startedAt = performance.now()
      const { hops } = await diagnose(
        lab,
        { connectTimeoutMs: 10_000 },
        {
          token: lab.discord.token,
          timeoutMs: LIMIT_MS,
          onProgress: ({ id, status }) => {
            if (id === at && status !== 'failed') stall(lab)
          },
        },
      )
      expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS + MARGIN_MS)
      const failed = hops.filter(({ status }) => status === 'failed')
      expect(Object.fromEntries(failed.map(({ id, code }) => [id, code]))).toEqual(fails)
    },
  )
})

describe('a diagnosis is bounded', () => {
  test('stalls everywhere and the default limits: under 15 seconds', { timeout: 30_000 }, async () => {
    const silent = await startLab({ scheme: 'socks5', fault: { kind: 'accept', verb: 'silence' } })
    const mute = await startLab({ fault: { kind: 'tunnel-silence' } })
    // The route takes nearly all that it may, and then nothing more comes.
    const late = await startLab({ delayMs: 1_900 })
    const startedAt = performance.now()
    const all = await Promise.all(
      [silent, mute, late].map((lab) =>
        diagnose(
          lab,
          { connectTimeoutMs: 10_000 },
          {
            onProgress: ({ id }) => {
              if (id === 'rest') lab.proxy.fault = { kind: 'accept', verb: 'silence' }
            },
          },
        ),
      ),
    )
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    expect(all.map(({ hops }) => hops.find(({ status }) => status === 'failed')?.id)).toEqual([
      'tunnel',
      'target-tls',
      'rest',
    ])
  })

  test('an abort while the reason of a failure is searched rejects with the reason of the signal', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress = ({ status }: HopProgress): void => {
      if (status === 'failed') controller.abort(reason)
    }
    const { signal } = controller
    const running = diagnose(lab, { connectTimeoutMs: 200 }, { signal, onProgress })
    await expect(running).rejects.toBe(reason)
  })

  test.each([NaN, 0, -1, 1.5, Infinity, 600_001])('a timeoutMs of %d is an error', async (timeoutMs) => {
    const lab = await startLab()
    await expect(diagnose(lab, {}, { timeoutMs })).rejects.toMatchObject({
      code: 'ERR_PROXY_CONFIG',
      message: 'timeoutMs: must be a whole number of milliseconds from 1 to 600000',
    })
    expect(lab.proxy.connections).toEqual([])
  })

  test('an abort ends it with the reason of the signal, and leaves no connection', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const reason = new Error('enough')
    const controller = new AbortController()
    const running = diagnose(lab, {}, { signal: controller.signal })
    const { closed } = await lab.proxy.waitForConnection()
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    await closed
  })

  test.each(['config', 'proxy-connect', 'tunnel', 'target-tls', 'rest', 'cdn'])(
    'what onProgress throws at %s ends it, and is no failure of that hop',
    async (at) => {
      const lab = await startLab()
      const reason = new Error('mine')
      const onProgress = ({ id }: HopProgress): void => {
        if (id === at) throw reason
      }
      await expect(diagnose(lab, {}, { onProgress })).rejects.toBe(reason)
      await Promise.all(lab.proxy.connections.map(({ closed }) => closed))
    },
  )

  test('every hop has its time, and they lie within the whole', async () => {
    const lab = await startLab({ scheme: 'https', delayMs: 20 })
    const { hops, ms } = await diagnose(lab)
    const timed = hops.filter((hop) => hop.ms !== null)
    expect(timed.map(({ id }) => id)).toEqual([
      'proxy-connect',
      'proxy-tls',
      'tunnel',
      'target-tls',
      'rest',
      'gateway',
      'cdn',
    ])
    for (const hop of timed) expect((hop.startMs ?? 0) + (hop.ms ?? 0)).toBeLessThanOrEqual(ms + 1)
    // Two flights over a wire of 20 ms each way.
    expect(hops.find(({ id }) => id === 'tunnel')?.ms).toBeGreaterThan(30)
  })

  test('progress tells of every hop when it begins and when it has ended', async () => {
    const lab = await startLab()
    const seen: string[] = []
    await diagnose(lab, {}, { onProgress: ({ id, status }) => seen.push(`${id} ${status}`) })
    for (const id of ['tunnel', 'target-tls', 'rest', 'gateway', 'cdn']) {
      expect(seen.indexOf(`${id} running`)).toBeGreaterThan(-1)
      expect(seen.indexOf(`${id} ok`)).toBeGreaterThan(seen.indexOf(`${id} running`))
    }
  })
})

test('a diagnosis uses connections of its own: the transport counts none', async () => {
  const lab = await startLab()
  await lab.transport.diagnose({ inContainer: false })
  expect(lab.transport.stats().tunnels.opened).toBe(0)
})
