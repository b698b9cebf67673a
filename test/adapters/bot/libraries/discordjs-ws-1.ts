import { REST } from '@discordjs/rest'
import { GatewayDispatchEvents, GatewayIntentBits } from 'discord-api-types/v10'
import { WebSocketManager, WebSocketShardEvents } from 'discordjs-ws-1'
import { restOptions, webSocketManagerOptions } from '../../../../src/adapters/discord.js/index.js'
import { apiSteps, heardMessage } from '../discordjs-api.js'
import type { StartBot } from '../library.js'

export const startBot: StartBot = async ({ transport, settings, ready, message }) => {
  const { Guilds, GuildMessages, MessageContent, GuildMessageReactions } = GatewayIntentBits
  const { token } = settings
  const rest = new REST(restOptions(transport)).setToken(token)
  const intents: GatewayIntentBits = Guilds | GuildMessages | MessageContent | GuildMessageReactions
  const gateway = new WebSocketManager(webSocketManagerOptions(transport, { token, intents, rest }))
  gateway.on(WebSocketShardEvents.Ready, ready)
  gateway.on(WebSocketShardEvents.Dispatch, ({ data }) => {
    if (data.t === GatewayDispatchEvents.MessageCreate) message(heardMessage(data.d))
  })
  await gateway.connect()
  return { ...apiSteps(rest), stop: async () => gateway.destroy() }
}
