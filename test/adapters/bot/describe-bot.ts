import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from '../../lab/discord/index.js'
import { LabNames } from '../../lab/names.js'
import { startProxy, type LabProxy, type LabScheme } from '../../lab/proxy/index.js'
import { everyPair, FULL } from '../../support/matrix.js'
import { BotProcess, type BotProcessOptions } from './bot-process.js'
import type { BotLibrary } from './messages.js'
import { EMOJI, UPLOAD, UPLOAD_NAME } from './scenario.js'

export interface BotClaims {
  readonly library: BotLibrary
  /** The library's gateway is our client: no message is lost while the proxy is away. */
  readonly ownEngine: boolean
  /** For how many seconds the proxy is away. Default 10; in the whole matrix 3, 10, 20 and 40. */
  readonly outageSeconds?: number
  readonly process?: BotProcessOptions
}

const AUTH = { username: 'us', password: 'p@ss/w%rd' }
const DOWNLOAD = Buffer.alloc(300_000, 'from the CDN')
const MESSAGES_WHILE_AWAY = 10
/** Seconds for which the proxy is away, in the whole matrix. */
const OUTAGES = [3, 10, 20, 40]
const SCHEMES = ['http', 'socks5'] as const

/** The steps that every library has to pass, with every other connection of its process recorded and refused. */
export function describeBot({ library, ownEngine, outageSeconds, process }: BotClaims): void {
  const seconds = FULL && outageSeconds === undefined ? OUTAGES : [outageSeconds ?? 10]
  const outages = everyPair({ scheme: FULL ? SCHEMES : SCHEMES.slice(0, 1), seconds })
  let names: LabNames
  let discord: FakeDiscord
  let proxy: LabProxy
  let bot: BotProcess

  beforeEach(async () => {
    names = new LabNames()
    discord = await startDiscord({ names })
  })
  afterEach(async () => {
    await bot.kill()
    await proxy.close()
    await discord.close()
  })

  async function start(scheme: LabScheme): Promise<void> {
    proxy = await startProxy({ scheme, names, auth: AUTH })
    bot = await BotProcess.launch(process)
    const { ca, token, user, channelId } = discord
    bot.start({
      library,
      proxy: proxy.url,
      proxyPort: proxy.port,
      ca,
      token,
      applicationId: user.id,
      channelId,
    })
    // It has the time of the whole test: loading a library takes ten seconds on a busy machine.
    await bot.waitFor('ready')
  }

  async function hears(content: string): Promise<void> {
    discord.sayAs(discord.human, content)
    await bot.during(bot.waitFor('heard', (report) => report.content === content))
  }

  async function stopAndCheckGuard(): Promise<void> {
    const guard = await bot.stop()
    expect(guard).toMatchObject({ refused: [], refusedLookups: [], queries: 0, datagrams: 0 })
    expect(new Set(guard.connections)).toEqual(new Set([`127.0.0.1:${proxy.port}`]))
  }

  describe(`a bot on ${library}`, () => {
    it.each(SCHEMES)(
      'through %s receives, replies, uploads, downloads, edits, reacts, and connects to nothing but the proxy',
      async (scheme) => {
        await start(scheme)
        const question = discord.sayAs(discord.human, '!ping', {
          attachments: [{ filename: 'question.bin', content: DOWNLOAD }],
        })
        const { downloadedSha256 } = await bot.during(bot.waitFor('answered'))

        expect(bot.reports.filter(({ type }) => type === 'failed')).toEqual([])
        expect(downloadedSha256).toBe(sha256(DOWNLOAD))
        const [, text, upload] = discord.messages.in(discord.channelId)
        expect(text).toMatchObject({
          content: 'pong, edited',
          message_reference: { message_id: question.id },
        })
        expect(upload).toMatchObject({ attachments: [{ size: UPLOAD.length }] })
        expect(discord.messages.reactions(upload!.id)[0]?.emoji.name).toBe(EMOJI)
        const [file] = discord.rest.requests.flatMap(({ files }) => files)
        expect(file).toMatchObject({ filename: UPLOAD_NAME, sha256: sha256(UPLOAD) })

        expect(new Set(proxy.connections.map(({ target }) => target?.addressType))).toEqual(new Set(['name']))
        const heard = Buffer.concat(proxy.connections.map((connection) => connection.heard)).toString(
          'latin1',
        )
        expect(heard).not.toContain(discord.token)
        await stopAndCheckGuard()
      },
    )

    it.each(FULL ? SCHEMES : SCHEMES.slice(1))(
      'through %s resumes at the URL that Discord named when its connection is cut',
      async (scheme) => {
        await start(scheme)
        await hears('before the cut')
        const resumed = discord.gateway.waitForResume()
        discord.gateway.terminateAll()
        discord.sayAs(discord.human, 'during the cut')
        const { connection } = await bot.during(resumed)
        expect(connection.upgrade.host).toContain(discord.resumeHost)
        await bot.during(bot.waitFor('heard', ({ content }) => content === 'during the cut'))
        await hears('after the cut')
        expect(discord.gateway.identifies).toHaveLength(1)
        await stopAndCheckGuard()
      },
    )

    it.each(outages)(
      'through $scheme comes back when the proxy was away for $seconds seconds',
      { timeout: 150_000 },
      async ({ scheme, seconds }) => {
        await start(scheme)
        await hears('before the outage')
        const { port } = proxy
        await proxy.close()
        const away = Array.from({ length: MESSAGES_WHILE_AWAY }, (_, index) => `away ${index}`)
        for (const content of away) discord.sayAs(discord.human, content)
        await delay(seconds * 1_000)
        proxy = await startProxy({ scheme, names, auth: AUTH, port })
        const { gateway } = discord
        await expect
          .poll(() => gateway.identifies.length + gateway.resumes.length, { timeout: 60_000 })
          .toBeGreaterThan(1)
        if (ownEngine) {
          await bot.during(bot.waitFor('heard', ({ content }) => content === away.at(-1)))
          expect(gateway.identifies).toHaveLength(1)
        }
        await hears('after the outage')
        if (ownEngine) {
          const heard = bot.reports.flatMap((report) => (report.type === 'heard' ? [report.content] : []))
          expect(heard).toEqual(['before the outage', ...away, 'after the outage'])
        }
        await stopAndCheckGuard()
      },
    )
  })
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
