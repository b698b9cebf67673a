/**
 * A bot on the library that its settings name, as a process of its own. A guard refuses and records every
 * connection and lookup that does not lead to the proxy.
 */
import { createHash } from 'node:crypto'
import { Guard } from '../../../examples/demo/guard.js'
import { createDiscordTransport } from '../../../src/index.js'
import { sendLastReport } from './last-report.js'
import type { HeardMessage, LibraryBot, StartBot } from './library.js'
import type { BotCommand, BotReport, BotSettings } from './messages.js'
import { EMOJI, UPLOAD, UPLOAD_NAME } from './scenario.js'

function report(message: BotReport): void {
  process.send?.(message)
}

process.on('warning', ({ name, message }) => report({ type: 'warning', name, message }))

async function start(settings: BotSettings): Promise<() => Promise<void>> {
  const { token, proxy, proxyPort, ca, library } = settings
  const guard = new Guard({ allowed: [{ host: '127.0.0.1', port: proxyPort }] })
  const transport = createDiscordTransport({ proxy, tls: { ca }, env: {}, connectTimeoutMs: 3_000 })
  const { startBot } = (await import(`./libraries/${library}.ts`)) as { readonly startBot: StartBot }

  const answer = async (library: LibraryBot, message: HeardMessage): Promise<void> => {
    const { channelId } = message
    const text = await library.reply(message, 'pong')
    const upload = await library.upload(channelId, UPLOAD_NAME, UPLOAD)
    const download = await transport.fetch(message.attachments[0] ?? '')
    const hash = createHash('sha256').update(Buffer.from(await download.arrayBuffer()))
    await library.edit(channelId, text, 'pong, edited')
    await library.react(channelId, upload, EMOJI)
    report({ type: 'answered', downloadedSha256: hash.digest('hex') })
  }
  const failed = (error: unknown): void =>
    report({
      type: 'failed',
      what: String(error instanceof Error ? error.stack : error).replaceAll(token, '***'),
    })

  const bot = startBot({
    transport,
    settings,
    ready: () => report({ type: 'ready' }),
    message: (message) => {
      if (message.authorId === settings.applicationId) return
      report({ type: 'heard', content: message.content })
      if (message.content === '!ping') bot.then((library) => answer(library, message)).catch(failed)
    },
    failed,
  })
  await bot
  return async () => {
    await (await bot).stop()
    await transport.close()
    await sendLastReport({ type: 'stopped', guard: guard.report() })
  }
}

let stop: Promise<() => Promise<void>> | undefined
process.on('message', (command: BotCommand) => {
  if (command.type === 'start') stop = start(command.settings)
  // Some libraries leave timers running after they were stopped, so the process ends by a word.
  else void stop?.then((end) => end()).then(() => process.disconnect())
})
process.on('disconnect', () => process.exit(0))
