import type { Message } from './message.js'
import { guildField, type Channel, type DiscordState, type EventSink, type User } from './state.js'

export interface Reaction {
  readonly emoji: { readonly id: string | null; readonly name: string }
  readonly users: Set<string>
}

/** `emoji` as in the URL: a character, or `name:id`. */
function parseEmoji(emoji: string): Reaction['emoji'] {
  const [name = '', id = null] = emoji.split(':')
  return { id, name }
}

/** Who reacted to which message, and the events of it. */
export class Reactions {
  readonly #state: DiscordState
  readonly #emit: EventSink
  readonly #byMessage = new Map<string, Reaction[]>()

  constructor(state: DiscordState, emit: EventSink) {
    this.#state = state
    this.#emit = emit
  }

  of(messageId: string): readonly Reaction[] {
    return this.#byMessage.get(messageId) ?? []
  }

  find(messageId: string, emoji: string): Reaction | undefined {
    const { id, name } = parseEmoji(emoji)
    return this.of(messageId).find((reaction) => reaction.emoji.id === id && reaction.emoji.name === name)
  }

  add(user: User, message: Message, channel: Channel, emoji: string): void {
    let reaction = this.find(message.id, emoji)
    if (!reaction) {
      reaction = { emoji: parseEmoji(emoji), users: new Set() }
      this.#byMessage.set(message.id, [...this.of(message.id), reaction])
    }
    reaction.users.add(user.id)
    this.#changed('MESSAGE_REACTION_ADD', user, message, channel, reaction)
  }

  remove(user: User, message: Message, channel: Channel, emoji: string): void {
    const reaction = this.find(message.id, emoji)
    if (reaction?.users.delete(user.id) !== true) return
    this.#changed('MESSAGE_REACTION_REMOVE', user, message, channel, reaction)
  }

  #changed(event: string, user: User, message: Message, channel: Channel, { emoji }: Reaction): void {
    const present = this.of(message.id).filter(({ users }) => users.size > 0)
    message.reactions = present.map((reaction) => ({
      emoji: reaction.emoji,
      count: reaction.users.size,
      count_details: { burst: 0, normal: reaction.users.size },
      me: reaction.users.has(this.#state.bot.id),
      me_burst: false,
      burst_colors: [],
    }))
    const data = {
      user_id: user.id,
      channel_id: channel.id,
      message_id: message.id,
      emoji,
      burst: false,
      type: 0,
    }
    const member = channel.guild_id === undefined ? {} : { member: this.#state.member(user) }
    this.#emit(event, { ...data, ...guildField(channel), ...member }, channel)
  }
}
