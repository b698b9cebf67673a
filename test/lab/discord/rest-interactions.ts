import { InteractionResponseType, MessageFlags } from 'discord-api-types/v10'
import { z } from 'zod'
import {
  acknowledged,
  invalidForm,
  unknownChannel,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from './api-errors.js'
import { jsonReply, NO_CONTENT } from './http-reply.js'
import type { Interaction, InteractionCallback, Interactions } from './interactions.js'
import { parseMessage, requireContent, type MessageBodyContext } from './message-body.js'
import type { Message } from './message.js'
import type { MessageStore } from './messages.js'
import type { RecordedRequest } from './recorded-request.js'
import type { Call, Route } from './router.js'
import type { Channel, DiscordState, Webhook } from './state.js'

export interface InteractionRoutesContext extends MessageBodyContext {
  readonly state: DiscordState
  readonly messages: MessageStore
  readonly interactions: Interactions
}

const callbackSchema = z.object({ type: z.enum(InteractionResponseType), data: z.unknown().optional() })

/** What the routes ask of the webhooks and of their messages. */
function webhookActions(context: InteractionRoutesContext) {
  const { state, messages } = context

  const channelOf = (webhook: Webhook): Channel => {
    const channel = state.channels.get(webhook.channelId)
    if (!channel) throw unknownChannel()
    return channel
  }
  const webhookOf = (call: Call): Webhook => {
    const webhook = state.webhooks.get(`${call.param('webhook')}/${call.param('token')}`)
    if (!webhook) throw unknownWebhook()
    return webhook
  }
  const send = (webhook: Webhook, request: RecordedRequest, value?: unknown): Message => {
    const channel = channelOf(webhook)
    const draft = requireContent(parseMessage(request, channel.id, context, { value }))
    // enforce_nonce holds for Create Message only, so a repeated webhook is a second message.
    return messages.create(webhook.author, channel, {
      ...draft,
      enforceNonce: false,
      webhookId: webhook.id,
      applicationId: webhook.applicationId,
    })
  }
  const messageOf = (call: Call, webhook: Webhook): Message => {
    const id = call.param('message') === '@original' ? webhook.originalId : call.param('message')
    const message = id === undefined ? undefined : messages.get(webhook.channelId, id)
    if (message?.webhook_id !== webhook.id) throw unknownMessage()
    return message
  }
  return { channelOf, webhookOf, send, messageOf }
}

/** Answers an interaction. */
function respond(
  { context, send }: { context: InteractionRoutesContext; send: ReturnType<typeof webhookActions>['send'] },
  interaction: Interaction,
  request: RecordedRequest,
): InteractionCallback {
  const { messages, interactions } = context
  const parsed = callbackSchema.safeParse(request.json)
  if (!parsed.success) throw invalidForm(parsed.error)
  const { type, data } = parsed.data
  const { webhook, channel } = interaction
  let message: Message | undefined
  if (type === InteractionResponseType.ChannelMessageWithSource) message = send(webhook, request, data)
  else if (type === InteractionResponseType.DeferredChannelMessageWithSource) {
    message = messages.create(webhook.author, channel, {
      flags: MessageFlags.Loading,
      webhookId: webhook.id,
      applicationId: webhook.applicationId,
    })
  } else if (type === InteractionResponseType.UpdateMessage && interaction.message) {
    const { attachments } = interaction.message
    const change = parseMessage(request, channel.id, context, { value: data, kept: attachments })
    message = messages.edit(interaction.message, channel, change)
  }
  webhook.originalId = message?.id ?? interaction.message?.id
  const callback = { type, data, message }
  interactions.answered(interaction, callback)
  return callback
}

/** Interaction callbacks and webhooks: their token in the path is all the authorization they need. */
export function interactionRoutes(context: InteractionRoutesContext): Route[] {
  const { messages, interactions } = context
  const { channelOf, webhookOf, send, messageOf } = webhookActions(context)
  const route = (method: string, pattern: string, handler: Route['handler']): Route => ({
    method,
    pattern,
    handler,
    authorization: 'none',
  })
  const ofMessage = '/webhooks/:webhook/:token/messages/:message'
  return [
    route('POST', '/interactions/:interaction/:token/callback', ({ request, param }) => {
      const interaction = interactions.find(param('interaction'), param('token'))
      if (!interaction) throw unknownInteraction()
      if (interaction.callback) throw acknowledged()
      const { type, message } = respond({ context, send }, interaction, request)
      if (request.query.get('with_response') !== 'true') return NO_CONTENT
      return jsonReply(200, {
        interaction: { id: interaction.id, type: interaction.type, response_message_id: message?.id },
        ...(message ? { resource: { type, message } } : {}),
      })
    }),
    route('POST', '/webhooks/:webhook/:token', (call) => {
      const webhook = webhookOf(call)
      const message = send(webhook, call.request)
      const wait = webhook.applicationId !== undefined || call.request.query.get('wait') === 'true'
      return wait ? jsonReply(200, message) : NO_CONTENT
    }),
    route('GET', ofMessage, (call) => jsonReply(200, messageOf(call, webhookOf(call)))),
    route('PATCH', ofMessage, (call) => {
      const webhook = webhookOf(call)
      const message = messageOf(call, webhook)
      const change = parseMessage(call.request, webhook.channelId, context, { kept: message.attachments })
      const flags = change.flags ?? message.flags & ~MessageFlags.Loading
      return jsonReply(200, messages.edit(message, channelOf(webhook), { ...change, flags }))
    }),
    route('DELETE', ofMessage, (call) => {
      const webhook = webhookOf(call)
      messages.delete(messageOf(call, webhook), channelOf(webhook))
      return NO_CONTENT
    }),
  ]
}
