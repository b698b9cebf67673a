import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from '../../lab/discord/index.js'
import { LabNames } from '../../lab/names.js'
import { startProxy, type LabProxy } from '../../lab/proxy/index.js'
import { FULL } from '../../support/matrix.js'
import { BotProcess } from '../bot/bot-process.js'
import type { BotReport, BotSettings } from './fixture/messages.js'

/** The npm names under which the three versions are installed. */
type CarbonPackage = 'carbon-0-14' | 'carbon-0-15' | '@buape/carbon'

const file = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251))

let names: LabNames
let discord: FakeDiscord
let proxy: LabProxy
let bot: BotProcess<BotReport, BotSettings>

beforeEach(async () => {
  names = new LabNames()
  discord = await startDiscord({ names })
})

afterEach(async () => {
  await bot.kill()
  await proxy.close()
  await discord.close()
})

function launch(carbon: CarbonPackage): Promise<typeof bot> {
  const process = { preload: new URL('fixture/use-carbon.ts', import.meta.url), env: { CARBON: carbon } }
  return BotProcess.launch(process, new URL('fixture/bot.ts', import.meta.url))
}

function settings(): BotSettings {
  const { ca, token, user } = discord
  return { proxy: proxy.url, proxyPort: proxy.port, ca, token, applicationId: user.id }
}

async function stopAndCheckGuard(): Promise<void> {
  const guard = await bot.stop()
  expect(guard).toMatchObject({ refused: [], refusedLookups: [], queries: 0, datagrams: 0 })
  expect(new Set(guard.connections)).toEqual(new Set([`127.0.0.1:${proxy.port}`]))
}

const auth = { username: 'us', password: 'p@ss/w%rd' }

describe('A bot on Carbon 0.14', () => {
  it.each(FULL ? (['http', 'socks5'] as const) : (['socks5'] as const))(
    'receives through a proxy of scheme %s, sends by transport.fetch, and is told to upgrade for the rest',
    async (scheme) => {
      proxy = await startProxy({ scheme, names, auth })
      bot = await launch('carbon-0-14')
      bot.start(settings())
      await bot.during(discord.gateway.waitForIdentify())
      discord.sayAs(discord.human, '!ping')
      await bot.waitFor('answered')

      expect(await bot.waitFor('facts')).toMatchObject({ version: '0.14.0', isGatewayPlugin: true })
      const sent = discord.rest.requests.find(({ files }) => files.length > 0)
      expect(sent?.files[0]?.filename).toBe('pöng.bin')
      expect(sent?.files[0]?.bytes?.equals(file)).toBe(true)
      const refused = bot.reports.filter((report) => report.type === 'refused')
      expect(refused).toHaveLength(2)
      for (const { code, hint } of refused) {
        expect(code).toBe('ERR_PROXY_CONFIG')
        expect(hint).toContain('Upgrade @buape/carbon to 0.15')
      }
      await stopAndCheckGuard()
    },
  )
})

/** bots.programs.ts takes the proxy of each version away. */
const versions: readonly CarbonPackage[] = FULL
  ? ['carbon-0-14', 'carbon-0-15', '@buape/carbon']
  : ['@buape/carbon']

describe.each(versions)('A bot on %s', (carbon) => {
  it('resumes after its proxy cut the tunnel, refused it for a while and came back, and misses nothing', async () => {
    proxy = await startProxy({ scheme: 'http', names })
    bot = await launch(carbon)
    bot.start(settings())
    const { session } = await bot.during(discord.gateway.waitForIdentify())
    discord.sayAs(discord.human, 'before')
    await bot.waitFor('heard', ({ content }) => content === 'before')

    proxy.fault = { kind: 'accept', verb: 'reset' }
    const before = proxy.connections.length
    proxy.cut()
    discord.sayAs(discord.human, 'between')
    await proxy.waitForConnection(({ id }) => id > before + 1)
    proxy.fault = undefined

    const resumed = await bot.during(discord.gateway.waitForResume())
    expect(resumed.session.id).toBe(session.id)
    discord.sayAs(discord.human, 'after')
    await bot.waitFor('heard', ({ content }) => content === 'after')
    const heard = bot.reports.flatMap((report) => (report.type === 'heard' ? [report.content] : []))
    expect(heard).toEqual(['before', 'between', 'after'])
    expect(bot.stderr).toContain('ECONNRESET')
    await stopAndCheckGuard()
  })
})

it('A proxy that refuses the credentials ends a bot with an error that names it and holds no secret', async () => {
  proxy = await startProxy({ scheme: 'http', names, auth })
  bot = await launch('@buape/carbon')
  const wrong = proxy.url.replace('p%40ss', 'p%40st')
  bot.start({ ...settings(), proxy: wrong, gatewayUrl: 'wss://gateway.discord.gg' })
  expect(await bot.ended()).toBe(1)
  expect(bot.stderr).toContain('ERR_PROXY_AUTH')
  expect(bot.stderr).toContain('refused the credentials')
  for (const secret of [discord.token, 'p@st', 'p%40st']) expect(bot.stderr).not.toContain(secret)
})
