import { Client } from 'eris'
import { clientOptions } from '../../../../src/adapters/eris/index.js'
import type { StartBot } from '../library.js'

export const startBot: StartBot = async ({ transport, settings, ready, message, failed }) => {
  const client = new Client(
    settings.token,
    clientOptions(transport, {
      intents: ['guilds', 'guildMessages', 'messageContent', 'guildMessageReactions'],
      reconnectDelay: () => 500,
    }),
  )
  client.on('ready', ready)
  client.on('error', failed)
  client.on('messageCreate', ({ id, channel, author, content, attachments }) =>
    message({
      id,
      channelId: channel.id,
      authorId: author.id,
      content,
      attachments: attachments.map(({ url }) => url),
    }),
  )
  await client.connect()
  return {
    reply: async ({ channelId, id }, content) =>
      (await client.createMessage(channelId, { content, messageReference: { messageID: id } })).id,
    upload: async (channelId, name, bytes) =>
      (await client.createMessage(channelId, { content: 'a file' }, { name, file: bytes })).id,
    edit: (channelId, messageId, content) => client.editMessage(channelId, messageId, { content }),
    react: (channelId, messageId, emoji) => client.addMessageReaction(channelId, messageId, emoji),
    stop: () => client.disconnect({ reconnect: false }),
  }
}
