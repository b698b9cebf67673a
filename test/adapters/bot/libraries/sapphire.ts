import { createRequire } from 'node:module'
import type { Client, ClientOptions } from 'discord.js'
import { clientOptions } from '../../../../src/adapters/discord.js/index.js'
import { intents, startClient } from '../discordjs-client.js'
import type { StartBot } from '../library.js'

/** Of the framework's own options. Its types extend those of discord.js everywhere, and then those of discordx fail. */
interface SapphireOptions extends ClientOptions {
  /** `null`: the framework searches nowhere for commands. */
  readonly baseUserDirectory: null
}

interface Sapphire {
  readonly SapphireClient: new (options: SapphireOptions) => Client
}

const { SapphireClient } = createRequire(import.meta.url)('@sapphire/framework') as Sapphire

export const startBot: StartBot = (context) =>
  startClient(
    new SapphireClient(clientOptions(context.transport, { intents, baseUserDirectory: null })),
    context,
  )
