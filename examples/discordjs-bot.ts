// A discord.js bot whose gateway and REST share one proxy. Write !ping in a channel that it sees.
import { Client, Events, GatewayIntentBits } from 'discord.js'
import { createDiscordTransport } from 'discord-transport'
import { clientOptions } from 'discord-transport/discord.js'

const transport = createDiscordTransport() // OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY
const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
const client = new Client(clientOptions(transport, { intents: [Guilds, GuildMessages, MessageContent] }))

client.on(Events.MessageCreate, (message) => {
  if (message.content !== '!ping') return
  const files = [{ name: 'pong.txt', attachment: Buffer.from('pong') }]
  message.reply({ content: 'pong', files }).catch(console.error)
})
client.on(Events.Error, console.error)
await client.login(process.env['DISCORD_BOT_TOKEN'])

process.once('SIGTERM', () => {
  void client.destroy().then(() => transport.close())
})
