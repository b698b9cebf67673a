import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startOutside } from '../cases/outside.js'
import { createCertificateAuthority } from '../lab/certificates.js'
import { NameServer } from '../real/name-server.js'
import { discordAddress, NAME_SERVER } from './network.js'
import { serve } from './remote.js'

/** What the bot needs of Discord, given to it by hand: it cannot ask. */
export interface DiscordFacts {
  readonly token: string
  readonly clientId: string
  readonly channelId: string
  readonly ca: string
}

/** A message that the bot has sent, as Discord keeps it. */
export interface BotMessage {
  readonly content: string
  readonly files: readonly { readonly name: string; readonly sha256: string }[]
}

/** The world outside, as a process of its own: Discord, its names, and the human. */
export interface OutsideCalls {
  readonly facts: { readonly argument: null; readonly result: DiscordFacts }
  /** The human says something; `withFile` attaches that many random bytes. Returns the file's SHA-256. */
  readonly say: {
    readonly argument: { readonly content: string; readonly withFile?: number }
    readonly result: string
  }
  readonly messages: { readonly argument: null; readonly result: readonly BotMessage[] }
  /** Resolves when the bot has sent a message with this content. */
  readonly waitForMessage: { readonly argument: string; readonly result: BotMessage }
  readonly waitForIdentify: { readonly argument: number; readonly result: null }
  readonly waitForResume: { readonly argument: number; readonly result: null }
  readonly sessions: {
    readonly argument: null
    readonly result: { readonly identifies: number; readonly resumes: number }
  }
  /** Who asked the name server. */
  readonly queriedBy: { readonly argument: null; readonly result: readonly string[] }
}

const WAIT_MS = 60_000
const POLL_MS = 20

const discordHeartbeat = process.env['HEARTBEAT_INTERVAL_MS']
const outside = await startOutside({
  ca: await createCertificateAuthority(),
  placeOf: (number) => ({ host: discordAddress(number), port: 443 }),
  ...(discordHeartbeat === undefined ? {} : { heartbeatIntervalMs: Number(discordHeartbeat) }),
})
const nameServer = await NameServer.listen(NAME_SERVER, outside.names)
const { discord } = outside

function botMessages(): readonly BotMessage[] {
  const uploads = discord.rest.requests.flatMap(({ files }) => files)
  return discord.messages
    .in(discord.channelId)
    .filter(({ author }) => author.id === discord.user.id)
    .map(({ content, attachments }) => ({
      content,
      files: attachments.map(({ filename, size }) => ({
        name: filename,
        sha256: uploads.find((file) => file.filename === filename && file.size === size)?.sha256 ?? '',
      })),
    }))
}

serve<OutsideCalls>({
  facts: () => ({
    token: discord.token,
    clientId: discord.user.id,
    channelId: discord.channelId,
    ca: discord.ca,
  }),
  say: ({ content, withFile = 0 }) => {
    const bytes = randomBytes(withFile)
    const attachments = withFile === 0 ? [] : [{ filename: 'from-the-human.bin', content: bytes }]
    discord.sayAs(discord.human, content, { attachments })
    return createHash('sha256').update(bytes).digest('hex')
  },
  messages: botMessages,
  waitForMessage: async (content) => {
    const deadline = performance.now() + WAIT_MS
    while (performance.now() < deadline) {
      const found = botMessages().find((message) => message.content === content)
      if (found !== undefined) return found
      await delay(POLL_MS)
    }
    throw new Error(`the bot did not send "${content}"`)
  },
  waitForIdentify: async (nth) => {
    await discord.gateway.waitForIdentify({ nth, timeoutMs: WAIT_MS })
    return null
  },
  waitForResume: async (nth) => {
    await discord.gateway.waitForResume({ nth, timeoutMs: WAIT_MS })
    return null
  },
  sessions: () => ({
    identifies: discord.gateway.identifies.length,
    resumes: discord.gateway.resumes.length,
  }),
  queriedBy: () => [...new Set(nameServer.queries.map(({ from }) => from))],
})
