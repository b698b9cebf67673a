import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFailed, onTestFinished } from 'vitest'
import { missingPrograms, requireRealProxies } from '../real/installed.js'
import { REAL_PROXIES, startRealProxy, type RunningProxy } from '../real/proxies/index.js'
import { EXTERNAL_ADDRESS } from './network.js'
import { openSealedSite, type SealedOptions, type SealedSite } from './sealed-site.js'

/** One of each kind of hop: CONNECT with a password, CONNECT inside TLS, SOCKS5 with a password. */
const PROXIES = ['squid, Basic', 'stunnel before tinyproxy', 'v2ray, SOCKS5']

const DISCORD_NAMES = ['discord.com', 'gateway.discord.gg', 'cdn.discordapp.com']
const REPLY_FILE_SHA256 = '4f36ca350014fe252c241a6e11207d9b85100fd73630d4bd1702b390f3f9048e'
const DOWNLOAD_BYTES = 2 * 1024 * 1024
/** Long enough for Carbon to find the proxy gone, and to try again in vain. */
const OUTAGE_MS = 2_000

/** Connect, receive, reply, attach, download, lose the proxy, resume, reply again. */
async function liveThroughADay({ network, outside, bot }: SealedSite, proxy: RunningProxy): Promise<void> {
  const { url, options } = proxy.under
  network.allowProxy(Number(new URL(url).port))
  const discord = await outside.call('facts', null)
  await bot.call('start', { discord, transport: { proxy: url, ...options } })
  await outside.call('waitForIdentify', 1)

  await outside.call('say', { content: 'text in the morning' })
  await outside.call('waitForMessage', 'reply to text in the morning')

  await outside.call('say', { content: 'file, please' })
  const withFile = await outside.call('waitForMessage', 'reply to file, please')
  expect(withFile.files).toEqual([{ name: 'from-the-bot.bin', sha256: REPLY_FILE_SHA256 }])

  const sha256 = await outside.call('say', { content: 'download this', withFile: DOWNLOAD_BYTES })
  await outside.call('waitForMessage', sha256)

  await proxy.kill()
  await outside.call('say', { content: 'text while the proxy is gone' })
  await delay(OUTAGE_MS)
  await proxy.revive()
  await outside.call('waitForResume', 1)
  await outside.call('waitForMessage', 'reply to text while the proxy is gone')

  await outside.call('say', { content: 'text in the evening' })
  await outside.call('waitForMessage', 'reply to text in the evening')
  expect(await outside.call('sessions', null)).toEqual({ identifies: 1, resumes: 1 })
}

/** Torn down when the test is over, however it ends: a timeout does not unwind the test's own function. */
async function openSite(options?: SealedOptions): Promise<SealedSite> {
  const site = await openSealedSite(options)
  onTestFailed(() => console.error(site.bot.output))
  onTestFinished(() => site[Symbol.asyncDispose]())
  return site
}

describe('a Carbon bot that can reach nothing but a proxy', () => {
  for (const name of PROXIES) {
    const proxy = REAL_PROXIES.find((one) => one.name === name)
    if (proxy === undefined) throw new Error(`no proxy ${name}`)
    const missing = missingPrograms([...proxy.programs, 'nft', 'ip'])
    const skip = missing.length > 0 && !requireRealProxies
    const note = skip ? ` (not installed: ${missing.join(', ')})` : ''
    if (skip) console.warn(`SKIPPED: the day by ${name}${note}`)

    it.skipIf(skip)(`lives through its day by ${name}: no stray packet, no DNS query${note}`, async () => {
      const site = await openSite()
      const running = await startRealProxy(proxy, site.proxies)
      onTestFinished(() => running.stop())
      await liveThroughADay(site, running)
      const packets = site.network.packets()
      console.log(`${name}: ${JSON.stringify(packets)}`)
      expect(packets).toMatchObject({ stray: 0, dns: 0 })
      expect(packets.proxy).toBeGreaterThan(50)
      expect(await site.outside.call('queriedBy', null)).toEqual([EXTERNAL_ADDRESS])
    })
  }
})

/** Without the transport, until something is counted that should not have been sent. */
async function countWithoutTransport(
  site: SealedSite,
): Promise<ReturnType<SealedSite['network']['packets']>> {
  const discord = await site.outside.call('facts', null)
  await site.bot.call('start', { discord, transport: null })
  for (let waited = 0; waited < 50 && site.network.packets().stray === 0; waited++) await delay(100)
  return site.network.packets()
}

describe('the same bot with the transport taken out', () => {
  const missing = missingPrograms(['nft', 'ip'])
  const skip = missing.length > 0 && !requireRealProxies

  it.skipIf(skip)('is seen to ask for names', async () => {
    const site = await openSite()
    const packets = await countWithoutTransport(site)
    console.log(`without a transport: ${JSON.stringify(packets)}`)
    expect(packets.dns).toBeGreaterThan(0)
    expect(packets.stray).toBeGreaterThan(0)
    expect(packets.proxy).toBe(0)
  })

  it.skipIf(skip)('is seen to connect where it knows the addresses', async () => {
    const site = await openSite({ names: DISCORD_NAMES })
    const packets = await countWithoutTransport(site)
    console.log(`without a transport, with the addresses: ${JSON.stringify(packets)}`)
    expect(packets.stray).toBeGreaterThan(0)
    expect(packets.proxy).toBe(0)
  })
})
