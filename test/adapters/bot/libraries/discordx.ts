import { Client } from 'discordx'
import { clientOptions } from '../../../../src/adapters/discord.js/index.js'
import { intents, startClient } from '../discordjs-client.js'
import type { StartBot } from '../library.js'

export const startBot: StartBot = (context) =>
  startClient(new Client(clientOptions(context.transport, { intents, silent: true })), context)
