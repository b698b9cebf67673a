import { createRequire } from 'node:module'
import type * as Oceanic from 'oceanic.js'
import { clientOptions } from '../../../../src/adapters/oceanic.js/index.js'
import type { StartBot } from '../library.js'

// The ES module of oceanic.js unwraps `default` twice, which tsx does not understand.
const { Client } = createRequire(import.meta.url)('oceanic.js') as typeof Oceanic

export const startBot: StartBot = async ({ transport, settings, ready, message, failed }) => {
  const client = new Client(
    clientOptions(transport, {
      auth: `Bot ${settings.token}`,
      rest: { baseURL: 'https://discord.com/api/v10' },
      gateway: {
        intents: ['GUILDS', 'GUILD_MESSAGES', 'MESSAGE_CONTENT', 'GUILD_MESSAGE_REACTIONS'],
        reconnectDelay: () => 500,
      },
    }),
  )
  client.on('ready', ready)
  client.on('error', failed)
  client.on('messageCreate', ({ id, channelID, author, content, attachments }) =>
    message({
      id,
      channelId: channelID,
      authorId: author.id,
      content,
      attachments: attachments.map(({ url }) => url),
    }),
  )
  await client.connect()
  const { channels } = client.rest
  return {
    reply: async ({ channelId, id }, content) =>
      (await channels.createMessage(channelId, { content, messageReference: { messageID: id } })).id,
    upload: async (channelId, name, bytes) =>
      (await channels.createMessage(channelId, { content: 'a file', files: [{ name, contents: bytes }] })).id,
    edit: (channelId, messageId, content) => channels.editMessage(channelId, messageId, { content }),
    react: (channelId, messageId, emoji) => channels.createReaction(channelId, messageId, emoji),
    stop: () => client.disconnect(false),
  }
}
