import { API } from '@discordjs/core'
import type { REST } from '@discordjs/rest'
import type { APIMessage } from 'discord-api-types/v10'
import type { HeardMessage, LibraryBot } from './library.js'

/** The scenario's steps by `API` of @discordjs/core, which needs only REST. */
export function apiSteps(rest: REST): Omit<LibraryBot, 'stop'> {
  const { channels } = new API(rest)
  return {
    reply: async ({ channelId, id }, content) =>
      (await channels.createMessage(channelId, { content, message_reference: { message_id: id } })).id,
    upload: async (channelId, name, data) =>
      (await channels.createMessage(channelId, { content: 'a file', files: [{ name, data }] })).id,
    edit: (channelId, messageId, content) => channels.editMessage(channelId, messageId, { content }),
    react: (channelId, messageId, emoji) => channels.addMessageReaction(channelId, messageId, emoji),
  }
}

export function heardMessage({ id, channel_id, author, content, attachments }: APIMessage): HeardMessage {
  return {
    id,
    channelId: channel_id,
    authorId: author.id,
    content,
    attachments: attachments.map(({ url }) => url),
  }
}
