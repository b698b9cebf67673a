import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { startDiscord, type FakeDiscord } from '../../lab/discord/index.js'
import { LabNames } from '../../lab/names.js'
import { startProxy, type LabProxy, type LabScheme } from '../../lab/proxy/index.js'
import { BotProcess, type BotProcessOptions } from './bot-process.js'
import type { BotLibrary } from './messages.js'
import { EMOJI, UPLOAD, UPLOAD_NAME } from './scenario.js'

export interface BotClaims {
  readonly library: BotLibrary
  /** The library's gateway is our client: no message is lost while the proxy is away. */
  readonly ownEngine: boolean
  readonly process?: BotProcessOptions
}

const AUTH = { username: 'us', password: 'p@ss/w%rd' }
const DOWNLOAD = Buffer.alloc(300_000, 'from the CDN')
const MESSAGES_WHILE_AWAY = 10

/** A bot of a library behind the one proxy that leads to a fake Discord, and the steps that it has to pass. */
export class BotLab {
  readonly #claims: BotClaims
  readonly #names: LabNames
  readonly #discord: FakeDiscord
  readonly #bot: BotProcess
  #proxy: LabProxy

  private constructor(
    claims: BotClaims,
    names: LabNames,
    discord: FakeDiscord,
    proxy: LabProxy,
    bot: BotProcess,
  ) {
    this.#claims = claims
    this.#names = names
    this.#discord = discord
    this.#proxy = proxy
    this.#bot = bot
  }

  static async start(claims: BotClaims, scheme: LabScheme): Promise<BotLab> {
    const names = new LabNames()
    const discord = await startDiscord({ names })
    const proxy = await startProxy({ scheme, names, auth: AUTH })
    const bot = await BotProcess.launch(claims.process)
    const { ca, token, user, channelId } = discord
    bot.start({
      library: claims.library,
      proxy: proxy.url,
      proxyPort: proxy.port,
      ca,
      token,
      applicationId: user.id,
      channelId,
    })
    const lab = new BotLab(claims, names, discord, proxy, bot)
    try {
      await bot.waitFor('ready')
      return lab
    } catch (error) {
      await lab.close()
      throw error
    }
  }

  /** It receives, replies, uploads, downloads, edits and reacts. */
  async exchange(): Promise<void> {
    const discord = this.#discord
    const question = discord.sayAs(discord.human, '!ping', {
      attachments: [{ filename: 'question.bin', content: DOWNLOAD }],
    })
    const { downloadedSha256 } = await this.#bot.during(this.#bot.waitFor('answered'))

    expect(this.#bot.reports.filter(({ type }) => type === 'failed')).toEqual([])
    expect(downloadedSha256).toBe(sha256(DOWNLOAD))
    const [, text, upload] = discord.messages.in(discord.channelId)
    expect(text).toMatchObject({ content: 'pong, edited', message_reference: { message_id: question.id } })
    expect(upload).toMatchObject({ attachments: [{ size: UPLOAD.length }] })
    expect(discord.messages.reactions(upload!.id)[0]?.emoji.name).toBe(EMOJI)
    const [file] = discord.rest.requests.flatMap(({ files }) => files)
    expect(file).toMatchObject({ filename: UPLOAD_NAME, sha256: sha256(UPLOAD) })

    const { connections } = this.#proxy
    // A connection without a target asked for none: its client gave it up before.
    const targets = connections.flatMap(({ target }) => target ?? [])
    expect(new Set(targets.map(({ addressType }) => addressType))).toEqual(new Set(['name']))
    const heard = Buffer.concat(connections.map((connection) => connection.heard)).toString('latin1')
    expect(heard).not.toContain(discord.token)
  }

  /** It resumes at the URL that Discord named when its connection is cut. */
  async resume(): Promise<void> {
    const discord = this.#discord
    await this.#hears('before the cut')
    const resumed = discord.gateway.waitForResume()
    discord.gateway.terminateAll()
    discord.sayAs(discord.human, 'during the cut')
    const { connection } = await this.#bot.during(resumed)
    expect(connection.upgrade.host).toContain(discord.resumeHost)
    await this.#bot.during(this.#bot.waitFor('heard', ({ content }) => content === 'during the cut'))
    await this.#hears('after the cut')
    expect(discord.gateway.identifies).toHaveLength(1)
  }

  /** It comes back when the proxy was away. */
  async outage(seconds: number): Promise<void> {
    const discord = this.#discord
    const { gateway } = discord
    const { ownEngine } = this.#claims
    await this.#hears('before the outage')
    const { port, scheme } = this.#proxy
    await this.#proxy.close()
    const away = Array.from({ length: MESSAGES_WHILE_AWAY }, (_, index) => `away ${index}`)
    for (const content of away) discord.sayAs(discord.human, content)
    await delay(seconds * 1_000)
    this.#proxy = await startProxy({ scheme, names: this.#names, auth: AUTH, port })
    await expect
      .poll(() => gateway.identifies.length + gateway.resumes.length, { timeout: 60_000 })
      .toBeGreaterThan(1)
    if (ownEngine) {
      await this.#bot.during(this.#bot.waitFor('heard', ({ content }) => content === away.at(-1)))
      expect(gateway.identifies).toHaveLength(1)
    }
    await this.#hears('after the outage')
    if (!ownEngine) return
    const heard = this.#bot.reports.flatMap((report) => (report.type === 'heard' ? [report.content] : []))
    expect(heard.slice(heard.indexOf('before the outage'))).toEqual([
      'before the outage',
      ...away,
      'after the outage',
    ])
  }

  /** Its process opened no connection but to the proxy, and looked nothing up. Ends the bot. */
  async stopAndCheckGuard(): Promise<void> {
    const guard = await this.#bot.stop()
    expect(guard).toMatchObject({ refused: [], refusedLookups: [], queries: 0, datagrams: 0 })
    expect(new Set(guard.connections)).toEqual(new Set([`127.0.0.1:${this.#proxy.port}`]))
  }

  async close(): Promise<void> {
    await this.#bot.kill()
    await this.#proxy.close()
    await this.#discord.close()
  }

  async #hears(content: string): Promise<void> {
    this.#discord.sayAs(this.#discord.human, content)
    await this.#bot.during(this.#bot.waitFor('heard', (report) => report.content === content))
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
