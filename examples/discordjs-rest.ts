// REST of discord.js 14 through the proxy, attachments included.
import { REST, Routes } from 'discord.js'
import { createDiscordTransport } from 'discord-transport'

const transport = createDiscordTransport()
const rest = new REST({ makeRequest: transport.fetch })
rest.setToken(process.env['DISCORD_BOT_TOKEN'] ?? '')

await rest.post(Routes.channelMessages(process.env['DISCORD_CHANNEL_ID'] ?? ''), {
  body: { content: 'sent through the proxy' },
  files: [{ name: 'hello.txt', data: Buffer.from('hello') }],
})
await transport.close()
