// An Oceanic bot whose gateway and REST share one proxy. Write !ping in a channel that it sees.
import { createDiscordTransport } from 'discord-transport'
import { clientOptions } from 'discord-transport/oceanic.js'
import { Client } from 'oceanic.js'

const transport = createDiscordTransport() // OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY
const client = new Client(
  clientOptions(transport, {
    auth: `Bot ${process.env['DISCORD_BOT_TOKEN'] ?? ''}`,
    gateway: { intents: ['GUILDS', 'GUILD_MESSAGES', 'MESSAGE_CONTENT'] },
  }),
)

client.on('messageCreate', ({ id, channelID, content }) => {
  if (content !== '!ping') return
  const files = [{ name: 'pong.txt', contents: Buffer.from('pong') }]
  client.rest.channels
    .createMessage(channelID, { content: 'pong', files, messageReference: { messageID: id } })
    .catch(console.error)
})
client.on('error', console.error)
await client.connect()
