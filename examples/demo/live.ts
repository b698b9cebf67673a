import { createDiscordTransport } from 'discord-transport'
import { DemoError, runBot } from './bot-process.js'
import { printReport } from './report.js'
import { heading, print, Timeline } from './terminal.js'

const TIMEOUT_MS = 60_000

/** The same bot against Discord itself, by the proxy of the environment. */
export async function runLive(): Promise<boolean> {
  const token = setting('DISCORD_BOT_TOKEN', 'the token of a bot')
  if (!/^\d+$/.test(Buffer.from(token.split('.')[0] ?? '', 'base64').toString())) {
    throw new DemoError(
      'DISCORD_BOT_TOKEN does not look like the token of a bot',
      'It has three parts with dots between them, the first of which is the id of the bot in Base64.',
    )
  }
  const channelId = setting('DISCORD_CHANNEL_ID', 'the id of a channel in which it may write')
  await using transport = createDiscordTransport({ required: true })
  const { proxy } = transport
  if (proxy === null) throw new DemoError('There is no proxy')
  if (proxy.protocol.startsWith('pac+')) {
    throw new DemoError(
      'A PAC script names its proxies only while it runs, so the guard cannot know them',
      'Give the proxy itself in OPENCLAW_PROXY_URL.',
    )
  }
  heading(`A Carbon bot on Discord itself, through ${proxy.url} (from ${proxy.source})`)
  print()
  const timeline = new Timeline()
  const result = await runBot(
    { token, channelId, asksItself: true, systemDns: proxy.protocol === 'socks4' },
    { onSays: (who, text) => timeline.log(who, text) },
    TIMEOUT_MS,
  )
  return printReport({ proxy: proxy.url, ...result })
}

function setting(name: string, meaning: string): string {
  const value = process.env[name]?.trim()
  if (value === undefined || value === '')
    throw new DemoError(`${name} is not set`, `--live needs ${meaning} in it.`)
  return value
}
