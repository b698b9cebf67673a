// A Carbon bot whose gateway and REST share one proxy. Write !ping in a channel that it sees.
import { Client, MessageCreateListener, type ListenerEventData } from '@buape/carbon'
import { GatewayIntents } from '@buape/carbon/gateway'
import { createDiscordTransport } from 'discord-transport'
import { ProxyGatewayPlugin } from 'discord-transport/carbon'

const token = process.env['DISCORD_BOT_TOKEN'] ?? ''
const applicationId = Buffer.from(token.split('.')[0] ?? '', 'base64').toString()
const transport = createDiscordTransport() // OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY

class Ping extends MessageCreateListener {
  async handle({ message }: ListenerEventData['MESSAGE_CREATE']): Promise<void> {
    if (message.content !== '!ping') return
    await message.reply({ content: 'pong', files: [{ name: 'pong.txt', data: new Blob(['pong']) }] })
  }
}

const intents = GatewayIntents.Guilds | GatewayIntents.GuildMessages | GatewayIntents.MessageContent
new Client(
  {
    token,
    clientId: applicationId,
    publicKey: 'only for interactions by webhook',
    baseUrl: 'http://localhost',
    disableDeployRoute: true,
    requestOptions: transport.requestOptions, // every REST call
  },
  { listeners: [new Ping()] },
  [new ProxyGatewayPlugin({ transport, intents })], // the lookup of the gateway, and its socket
)
