// A bot that says what it hears: gateway and REST through one proxy, and no framework.
import { createDiscordTransport } from 'discord-transport'
import { GatewayDispatchEvents, GatewayIntentBits } from 'discord-api-types/v10'

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
const token = process.env['DISCORD_BOT_TOKEN'] ?? ''
const transport = createDiscordTransport() // OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY
const gateway = transport.createGateway({ token, intents: Guilds | GuildMessages | MessageContent })

gateway.on('dispatch', ({ t, d }) => {
  if (t !== GatewayDispatchEvents.MessageCreate || d.author.bot || d.content === '') return
  const url = `https://discord.com/api/v10/channels/${d.channel_id}/messages`
  const headers = { Authorization: `Bot ${token}`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ content: d.content, message_reference: { message_id: d.id } })
  transport.fetch(url, { method: 'POST', headers, body }).catch(console.error)
})
await gateway.connect()
