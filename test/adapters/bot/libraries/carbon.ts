import { Client, MessageCreateListener, type ListenerEventData } from '@buape/carbon'
import { GatewayIntents } from '@buape/carbon/gateway'
import { Routes } from 'discord-api-types/v10'
import { ProxyGatewayPlugin } from '../../../../src/adapters/carbon/index.js'
import type { BotContext, LibraryBot, StartBot } from '../library.js'

const intents =
  GatewayIntents.Guilds |
  GatewayIntents.GuildMessages |
  GatewayIntents.MessageContent |
  GatewayIntents.GuildMessageReactions

export const startBot: StartBot = async (context) => {
  const { transport, settings, message, failed } = context

  class OnMessage extends MessageCreateListener {
    override handle({ message: heard }: ListenerEventData['MESSAGE_CREATE']): Promise<void> {
      message({
        id: heard.id,
        channelId: heard.channelId,
        authorId: heard.author?.id ?? '',
        content: heard.content,
        attachments: heard.attachments.map(({ url }) => url),
      })
      return Promise.resolve()
    }
  }

  class Plugin extends ProxyGatewayPlugin {
    onError(listener: (error: unknown) => void): void {
      this.emitter.on('error', listener)
    }
  }

  const plugin = new Plugin({ transport, intents })
  plugin.onError(failed)
  const client = new Client(
    {
      baseUrl: 'http://localhost',
      clientId: settings.applicationId,
      publicKey: '00'.repeat(32),
      token: settings.token,
      disableDeployRoute: true,
      requestOptions: transport.requestOptions,
    },
    { listeners: [new OnMessage()] },
  )
  await plugin.registerClient(client)
  context.ready()
  // The RequestClient of Carbon 0.14 takes no fetch, so its bot sends with the transport's.
  const takesFetch = !(process.env['CARBON'] ?? '').endsWith('0-14')
  return { ...(takesFetch ? byClient(client) : byFetch(context)), stop: () => plugin.disconnect() }
}

type Sends = Omit<LibraryBot, 'stop'>

function idOf(answer: unknown): string {
  return (answer as { readonly id: string }).id
}

function byClient({ rest }: Client): Sends {
  return {
    reply: async ({ channelId, id }, content) => {
      const body = { content, message_reference: { message_id: id } }
      return idOf(await rest.post(Routes.channelMessages(channelId), { body }))
    },
    upload: async (channelId, name, bytes) => {
      const body = { content: 'a file', files: [{ name, data: new Blob([new Uint8Array(bytes)]) }] }
      return idOf(await rest.post(Routes.channelMessages(channelId), { body }))
    },
    edit: (channelId, messageId, content) =>
      rest.patch(Routes.channelMessage(channelId, messageId), { body: { content } }),
    react: (channelId, messageId, emoji) =>
      rest.put(Routes.channelMessageOwnReaction(channelId, messageId, encodeURIComponent(emoji))),
  }
}

function byFetch({ transport, settings }: BotContext): Sends {
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await transport.fetch(`https://discord.com/api/v10${path}`, {
      method,
      headers: {
        authorization: `Bot ${settings.token}`,
        ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      },
      body: body instanceof FormData ? body : body === undefined ? null : JSON.stringify(body),
    })
    return response.status === 204 ? undefined : response.json()
  }
  return {
    reply: async ({ channelId, id }, content) =>
      idOf(
        await send('POST', Routes.channelMessages(channelId), {
          content,
          message_reference: { message_id: id },
        }),
      ),
    upload: async (channelId, name, bytes) => {
      const form = new FormData()
      form.set('payload_json', JSON.stringify({ content: 'a file' }))
      form.set('files[0]', new Blob([new Uint8Array(bytes)]), name)
      return idOf(await send('POST', Routes.channelMessages(channelId), form))
    },
    edit: (channelId, messageId, content) =>
      send('PATCH', Routes.channelMessage(channelId, messageId), { content }),
    react: (channelId, messageId, emoji) =>
      send('PUT', Routes.channelMessageOwnReaction(channelId, messageId, encodeURIComponent(emoji))),
  }
}
