import { Events, GatewayIntentBits, type Client } from 'discord.js'
import type { BotContext, LibraryBot } from './library.js'

const { Guilds, GuildMessages, MessageContent, GuildMessageReactions } = GatewayIntentBits

export const intents = [Guilds, GuildMessages, MessageContent, GuildMessageReactions]

/** Logs a client of discord.js in, or one of a class over it, and gives the scenario's steps on it. */
export async function startClient(
  client: Client,
  { settings, ready, message, failed }: BotContext,
): Promise<LibraryBot> {
  client.on(Events.ClientReady, ready)
  client.on(Events.Error, failed)
  client.on(Events.MessageCreate, ({ id, channelId, author, content, attachments }) =>
    message({ id, channelId, authorId: author.id, content, attachments: attachments.map(({ url }) => url) }),
  )
  await client.login(settings.token)
  const textChannel = async (id: string) => {
    const channel = await client.channels.fetch(id)
    if (channel?.isSendable() !== true) throw new Error('the channel takes no messages')
    return channel
  }
  return {
    reply: async ({ channelId, id }, content) =>
      (await (await textChannel(channelId)).send({ content, reply: { messageReference: id } })).id,
    upload: async (channelId, name, bytes) =>
      (await (await textChannel(channelId)).send({ content: 'a file', files: [{ name, attachment: bytes }] }))
        .id,
    edit: (channelId, messageId, content) =>
      textChannel(channelId).then((channel) => channel.messages.edit(messageId, content)),
    react: (channelId, messageId, emoji) =>
      textChannel(channelId).then((channel) => channel.messages.react(messageId, emoji)),
    stop: () => client.destroy(),
  }
}
