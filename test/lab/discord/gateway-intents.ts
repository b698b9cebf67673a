import { ChannelType, GatewayIntentBits } from 'discord-api-types/v10'
import type { Channel, User } from './state.js'

type Event = Readonly<Record<string, unknown>>

/** Every bit that is assigned today; another one is an invalid intent. */
const KNOWN_INTENTS = Object.values(GatewayIntentBits)
  .filter((bit) => typeof bit === 'number')
  .reduce((all, bit) => all | bit, 0)

export function areKnownIntents(intents: number): boolean {
  return Number.isInteger(intents) && intents >= 0 && (intents & ~KNOWN_INTENTS) === 0
}

/** https://discord.com/developers/docs/events/gateway#list-of-intents; undefined: no intent is needed. */
function intentFor(event: string, direct: boolean): GatewayIntentBits | undefined {
  if (event.startsWith('MESSAGE_REACTION_')) {
    return direct ? GatewayIntentBits.DirectMessageReactions : GatewayIntentBits.GuildMessageReactions
  }
  if (event.startsWith('MESSAGE_')) {
    return direct ? GatewayIntentBits.DirectMessages : GatewayIntentBits.GuildMessages
  }
  if (event === 'TYPING_START') {
    return direct ? GatewayIntentBits.DirectMessageTyping : GatewayIntentBits.GuildMessageTyping
  }
  return event.startsWith('CHANNEL_') || event.startsWith('THREAD_') ? GatewayIntentBits.Guilds : undefined
}

const CONTENT_FIELDS = { content: '', embeds: [], attachments: [], components: [] }

/**
 * What a session with these intents sees of an event; undefined: nothing. Without MESSAGE_CONTENT a message
 * is empty unless it is the bot's own, mentions the bot or is a direct one.
 */
export function visibleEvent(
  intents: number,
  event: string,
  data: Event,
  channel: Channel,
  bot: User,
): Event | undefined {
  const direct = channel.type === ChannelType.DM
  const intent = intentFor(event, direct)
  if (intent !== undefined && (intents & intent) === 0) return undefined
  if (event !== 'MESSAGE_CREATE' && event !== 'MESSAGE_UPDATE') return data
  if (direct || (intents & GatewayIntentBits.MessageContent) !== 0) return data
  const { author, mentions } = data
  const mentioned = Array.isArray(mentions) && mentions.includes(bot)
  return author === bot || mentioned ? data : { ...data, ...CONTENT_FIELDS }
}
