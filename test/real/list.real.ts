import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import type { TransportEvent } from '../../src/index.js'
import { watchLookups } from '../cases/local-names.js'
import { createDiscordTransport } from '../cases/subject.js'
import { loadWithMessages } from '../support/message-load.js'
import { missingPrograms, requireRealProxies } from './installed.js'
import { openLocalSite, type LocalSite } from './local-site.js'
import { REAL_PROXIES, startRealProxy, type RunningProxy } from './proxies/index.js'

/** One of each kind. */
const NAMES = ['squid', 'danted, SOCKS5', 'microsocks']
const LISTED = REAL_PROXIES.filter(({ name }) => NAMES.includes(name))

/** 100 a second. */
const EVERY_MS = 10
const SENDS = 1_500
/** The proxy with most tunnels dies after so many sends, again and again. It returns after the next has died too. */
const DIES_EVERY = 300
const AWAY_MS = 4_000

const missing = LISTED.flatMap(({ programs }) => missingPrograms(programs))
if (missing.length > 0) console.warn(`SKIPPED: a list of real proxies (not installed: ${missing.join(', ')})`)

let local: LocalSite
const running: RunningProxy[] = []

beforeAll(async () => {
  local = await openLocalSite()
  const lookups = watchLookups(() => undefined)
  if (missing.length === 0) for (const proxy of LISTED) running.push(await startRealProxy(proxy, local.site))
  return async () => {
    for (const proxy of running) await proxy.stop()
    lookups[Symbol.dispose]()
    await local.close()
  }
})

it.skipIf(missing.length > 0 && !requireRealProxies)(
  'squid, Dante and microsocks die and return under load: no send is lost or doubled, and no event',
  async () => {
    expect(missing).toEqual([])
    const { discord } = local.outside
    const urls = running.map(({ under }) => under.url)
    const events: TransportEvent[] = []
    const onEvent = (event: TransportEvent): void => void events.push(event)
    await using transport = createDiscordTransport({ proxy: urls, env: {}, tls: { ca: discord.ca }, onEvent })
    const gateway = transport.createGateway({ token: discord.token, intents: 1 })
    await gateway.connect()
    const heard: number[] = []
    gateway.on('dispatch', ({ t, d }: { readonly t: string; readonly d: unknown }) => {
      if (t === 'LAB') heard.push(Number(d))
    })
    let told = 0
    const telling = setInterval(() => discord.gateway.dispatch('LAB', ++told), 20)
    // A gateway stays with its proxy while another one is in use: not every death is one for it.
    const outages: number[] = []
    let lostAt = 0
    gateway.on('disconnected', () => (lostAt ||= performance.now()))
    gateway.on('resumed', () => {
      outages.push(Math.round(performance.now() - lostAt))
      lostAt = 0
    })
    const kills: Promise<void>[] = []
    const killBusiest = async (): Promise<void> => {
      const open = transport.stats().proxies.map(({ tunnels }) => tunnels.open)
      const victim = running[open.indexOf(Math.max(...open))]
      if (victim === undefined) throw new Error('no proxy has a tunnel')
      await victim.kill()
      await sleep(AWAY_MS)
      await victim.revive()
    }
    const report = await loadWithMessages({
      transport,
      discord,
      sends: SENDS,
      everyMs: EVERY_MS,
      before: (index) => {
        if (index % DIES_EVERY === DIES_EVERY / 2) kills.push(killBusiest())
      },
    })
    await Promise.all(kills)
    clearInterval(telling)
    await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(told)
    expect(report).toEqual({ stored: SENDS, doubled: [], contradicted: [], failures: [] })
    expect(heard).toEqual(Array.from({ length: told }, (_, index) => index + 1))
    console.log(`resumed after ${outages.join(', ')} ms`, transport.stats().proxies)
    expect(outages.length).toBeGreaterThan(0)
    for (const ms of outages) expect(ms).toBeLessThan(2_000)
    expect(transport.stats().proxyEvents['proxy-up']).toBeGreaterThan(0)
    await gateway.close()
  },
  90_000,
)
