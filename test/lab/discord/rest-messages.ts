import { z } from 'zod'
import { invalidForm, notYourMessage, unknownChannel, unknownMessage } from './api-errors.js'
import { jsonReply, NO_CONTENT, type HttpReply } from './http-reply.js'
import { parseMessage, requireContent, type MessageBodyContext } from './message-body.js'
import type { Message } from './message.js'
import type { MessageStore } from './messages.js'
import type { Call, Route } from './router.js'
import type { Channel, DiscordState, EventSink } from './state.js'

export interface MessageRoutesContext extends MessageBodyContext {
  readonly state: DiscordState
  readonly messages: MessageStore
  readonly publish: EventSink
}

const threadName = z.object({ name: z.string() })

function route(method: string, below: string, handler: Route['handler']): Route {
  return { method, pattern: `/channels/:channel${below}`, handler, authorization: 'bot' }
}

/** Finds what a path names. */
function lookup({ state, messages }: MessageRoutesContext) {
  const channelOf = (call: Call): Channel => {
    const channel = state.channels.get(call.param('channel'))
    if (!channel) throw unknownChannel()
    return channel
  }
  const messageOf = (call: Call): { channel: Channel; message: Message } => {
    const channel = channelOf(call)
    const message = messages.get(channel.id, call.param('message'))
    if (!message) throw unknownMessage()
    return { channel, message }
  }
  return { channelOf, messageOf }
}

/** Everything below `/channels/:channel`. */
export function messageRoutes(context: MessageRoutesContext): Route[] {
  const { state, messages, publish } = context
  const { channelOf, messageOf } = lookup(context)
  return [
    route('GET', '', (call) => jsonReply(200, channelOf(call))),
    route('PATCH', '', (call) => jsonReply(200, channelOf(call))),
    route('POST', '/typing', (call) => {
      const channel = channelOf(call)
      const timestamp = Math.floor(Date.now() / 1000)
      const data = { channel_id: channel.id, guild_id: channel.guild_id, user_id: state.bot.id, timestamp }
      publish('TYPING_START', data, channel)
      return NO_CONTENT
    }),
    route('GET', '/messages', (call) => {
      const limit = Number(call.request.query.get('limit') ?? 50)
      return jsonReply(200, messages.in(channelOf(call).id).slice(-limit).reverse())
    }),
    route('POST', '/messages', (call) => {
      const channel = channelOf(call)
      const draft = requireContent(parseMessage(call.request, channel.id, context))
      return jsonReply(200, messages.create(state.bot, channel, draft))
    }),
    route('GET', '/messages/:message', (call) => jsonReply(200, messageOf(call).message)),
    route('PATCH', '/messages/:message', (call) => {
      const { channel, message } = messageOf(call)
      if (message.author.id !== state.bot.id) throw notYourMessage()
      const change = parseMessage(call.request, channel.id, context, { kept: message.attachments })
      return jsonReply(200, messages.edit(message, channel, change))
    }),
    route('DELETE', '/messages/:message', (call) => {
      const { channel, message } = messageOf(call)
      messages.delete(message, channel)
      return NO_CONTENT
    }),
    ...reactionRoutes(context),
    ...threadRoutes(context),
  ]
}

/** Pins and reactions. */
function reactionRoutes(context: MessageRoutesContext): Route[] {
  const { state, messages } = context
  const { messageOf } = lookup(context)
  // Pins are accepted and not kept: nothing in the lab reads them.
  const pin = (call: Call): HttpReply => {
    messageOf(call)
    return NO_CONTENT
  }
  return [
    ...['/pins/:message', '/messages/pins/:message'].flatMap((pattern) => [
      route('PUT', pattern, pin),
      route('DELETE', pattern, pin),
    ]),
    route('PUT', '/messages/:message/reactions/:emoji/@me', (call) => {
      const { channel, message } = messageOf(call)
      messages.react(state.bot, message, channel, call.param('emoji'))
      return NO_CONTENT
    }),
    route('DELETE', '/messages/:message/reactions/:emoji/@me', (call) => {
      const { channel, message } = messageOf(call)
      messages.unreact(state.bot, message, channel, call.param('emoji'))
      return NO_CONTENT
    }),
    route('GET', '/messages/:message/reactions/:emoji', (call) => {
      const users = messages.reactionsOf(messageOf(call).message.id, call.param('emoji'))?.users ?? []
      return jsonReply(
        200,
        [...users].map((user) => state.users.get(user)),
      )
    }),
  ]
}

function threadRoutes(context: MessageRoutesContext): Route[] {
  const { state } = context
  const { channelOf, messageOf } = lookup(context)
  const threadOf = (call: Call, channel: Channel, id?: string): Channel => {
    const body = threadName.safeParse(call.request.json)
    if (!body.success) throw invalidForm(body.error)
    return state.addThread(channel.id, body.data.name, id)
  }
  return [
    route('POST', '/messages/:message/threads', (call) => {
      const { channel, message } = messageOf(call)
      const thread = threadOf(call, channel, message.id)
      message.thread = thread
      return jsonReply(201, thread)
    }),
    route('POST', '/threads', (call) => jsonReply(201, threadOf(call, channelOf(call)))),
  ]
}
