import { MessageReferenceType, MessageType } from 'discord-api-types/v10'
import type { Message, MessageDraft } from './message.js'
import { Reactions, type Reaction } from './reactions.js'
import { snowflake } from './snowflake.js'
import { guildField, type Channel, type DiscordState, type EventSink, type User } from './state.js'

/** "Within minutes": what enforce_nonce remembers. */
const NONCE_MS = 5 * 60_000
/** Messages of a channel, and nonces, that are remembered. */
const KEPT = 20_000

export class MessageStore {
  readonly #state: DiscordState
  readonly #emit: EventSink
  readonly #byChannel = new Map<string, Map<string, Message>>()
  readonly #reactions: Reactions
  readonly #nonces = new Map<string, { readonly message: Message; readonly until: number }>()

  constructor(state: DiscordState, emit: EventSink) {
    this.#state = state
    this.#emit = emit
    this.#reactions = new Reactions(state, emit)
  }

  /** The messages of a channel, oldest first. */
  in(channelId: string): readonly Message[] {
    return [...(this.#byChannel.get(channelId)?.values() ?? [])]
  }

  get(channelId: string, id: string): Message | undefined {
    return this.#byChannel.get(channelId)?.get(id)
  }

  /** The users that reacted to a message, by emoji. */
  reactions(messageId: string): readonly Reaction[] {
    return this.#reactions.of(messageId)
  }

  reactionsOf(messageId: string, emoji: string): Reaction | undefined {
    return this.#reactions.find(messageId, emoji)
  }

  /** Stores a message and dispatches MESSAGE_CREATE; a repeated nonce returns the first message instead. */
  create(author: User, channel: Channel, draft: MessageDraft): Message {
    const nonceKey =
      draft.enforceNonce && draft.nonce !== undefined ? `${author.id} ${draft.nonce}` : undefined
    const earlier = nonceKey === undefined ? undefined : this.#nonces.get(nonceKey)
    if (earlier && earlier.until > Date.now()) return earlier.message
    const content = draft.content ?? ''
    const message: Message = {
      id: snowflake(),
      type: draft.reference && !isForward(draft) ? MessageType.Reply : MessageType.Default,
      channel_id: channel.id,
      author,
      content,
      timestamp: new Date().toISOString(),
      edited_timestamp: null,
      tts: draft.tts ?? false,
      mention_everyone: content.includes('@everyone'),
      mentions: this.#mentions(content),
      mention_roles: [],
      attachments: draft.attachments ?? [],
      embeds: draft.embeds ?? [],
      components: draft.components ?? [],
      pinned: false,
      flags: draft.flags ?? 0,
      ...(draft.nonce === undefined ? {} : { nonce: draft.nonce }),
      ...(draft.poll === undefined ? {} : { poll: draft.poll }),
      ...(draft.webhookId === undefined ? {} : { webhook_id: draft.webhookId }),
      ...(draft.applicationId === undefined ? {} : { application_id: draft.applicationId }),
      ...this.#reference(draft, channel),
    }
    const messages = this.#byChannel.get(channel.id) ?? new Map<string, Message>()
    this.#byChannel.set(channel.id, messages)
    messages.set(message.id, message)
    dropOldest(messages)
    if (nonceKey !== undefined) {
      this.#nonces.set(nonceKey, { message, until: Date.now() + NONCE_MS })
      dropOldest(this.#nonces)
    }
    this.#emit('MESSAGE_CREATE', this.#event(message, channel), channel)
    return message
  }

  edit(message: Message, channel: Channel, change: MessageDraft): Message {
    if (change.content !== undefined) {
      message.content = change.content
      message.mentions = this.#mentions(change.content)
    }
    message.embeds = change.embeds ?? message.embeds
    message.components = change.components ?? message.components
    message.attachments = change.attachments ?? message.attachments
    message.flags = change.flags ?? message.flags
    message.edited_timestamp = new Date().toISOString()
    this.#emit('MESSAGE_UPDATE', this.#event(message, channel), channel)
    return message
  }

  delete(message: Message, channel: Channel): void {
    this.#byChannel.get(channel.id)?.delete(message.id)
    this.#emit('MESSAGE_DELETE', { id: message.id, channel_id: channel.id, ...guildField(channel) }, channel)
  }

  /** `emoji` as in the URL: a character, or `name:id`. */
  react(user: User, message: Message, channel: Channel, emoji: string): void {
    this.#reactions.add(user, message, channel, emoji)
  }

  unreact(user: User, message: Message, channel: Channel, emoji: string): void {
    this.#reactions.remove(user, message, channel, emoji)
  }

  #mentions(content: string): readonly User[] {
    const ids = [...content.matchAll(/<@!?(\d+)>/g)].map(([, id = '']) => id)
    return ids.map((id) => this.#state.users.get(id)).filter((user) => user !== undefined)
  }

  #reference(draft: MessageDraft, channel: Channel): Partial<Message> {
    const { reference } = draft
    if (!reference) return {}
    const { messageId, channelId = channel.id, type = MessageReferenceType.Default } = reference
    const original = this.get(channelId, messageId)
    return {
      message_reference: { type, message_id: messageId, channel_id: channelId, ...guildField(channel) },
      ...(isForward(draft)
        ? { message_snapshots: [{ message: original }] }
        : { referenced_message: original ?? null }),
    }
  }

  #event(message: Message, channel: Channel): Record<string, unknown> {
    if (channel.guild_id === undefined) return { ...message }
    const member = { ...this.#state.member(message.author), user: undefined }
    return { ...message, guild_id: channel.guild_id, ...(message.webhook_id === undefined ? { member } : {}) }
  }
}

/** A bench sends more messages than anyone will look up again. */
function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (map.size > KEPT && oldest !== undefined) map.delete(oldest)
}

function isForward({ reference }: MessageDraft): boolean {
  return reference?.type === MessageReferenceType.Forward
}
