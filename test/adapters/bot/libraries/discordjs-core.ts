import { Client, GatewayDispatchEvents, GatewayIntentBits } from '@discordjs/core'
import { REST } from '@discordjs/rest'
import { WebSocketManager, WebSocketShardEvents } from '@discordjs/ws'
import { restOptions, webSocketManagerOptions } from '../../../../src/adapters/discord.js/index.js'
import { apiSteps, heardMessage } from '../discordjs-api.js'
import type { StartBot } from '../library.js'

export const startBot: StartBot = async ({ transport, settings, ready, message, failed }) => {
  const { Guilds, GuildMessages, MessageContent, GuildMessageReactions } = GatewayIntentBits
  const { token } = settings
  const rest = new REST(restOptions(transport)).setToken(token)
  const intents: GatewayIntentBits = Guilds | GuildMessages | MessageContent | GuildMessageReactions
  const gateway = new WebSocketManager(webSocketManagerOptions(transport, { token, intents, rest }))
  const client = new Client({ rest, gateway })
  gateway.on(WebSocketShardEvents.Error, failed)
  client.on(GatewayDispatchEvents.Ready, ready)
  client.on(GatewayDispatchEvents.MessageCreate, ({ data }) => message(heardMessage(data)))
  await gateway.connect()
  return { ...apiSteps(rest), stop: async () => gateway.destroy() }
}
