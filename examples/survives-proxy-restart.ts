// Restart the proxy while this runs: the gateway resumes, and what was written meanwhile is still printed, once.
import { createDiscordTransport } from 'discord-transport'
import { GatewayDispatchEvents, GatewayIntentBits } from 'discord-api-types/v10'

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
const transport = createDiscordTransport()
const gateway = transport.createGateway({
  token: process.env['DISCORD_BOT_TOKEN'] ?? '',
  intents: Guilds | GuildMessages | MessageContent,
})

gateway.on('dispatch', ({ t, d }) => {
  if (t === GatewayDispatchEvents.MessageCreate) console.log(`${d.author.username}: ${d.content}`)
})
gateway.on('reconnecting', ({ reason, delayMs, resume }) => {
  console.log(`${reason}; ${resume ? 'resuming' : 'a new session'} in ${delayMs} ms`)
})
gateway.on('resumed', ({ replayed }) => console.log(`resumed, ${replayed} events caught up with`))
gateway.on('closed', ({ error }) =>
  console.log(error === null ? 'closed' : `closed for good: ${error.message}`),
)

// Ctrl+C says good-bye to Discord, so that the bot goes offline at once.
process.once('SIGINT', () => void transport.close())
await gateway.connect()
console.log('connected')
