import { MessageReferenceType, MessageType } from 'discord-api-types/v10'
import type { Attachment } from './cdn.js'
import { snowflake } from './snowflake.js'
import type { Channel, DiscordState, User } from './state.js'

export interface Reaction {
  readonly emoji: { readonly id: string | null; readonly name: string }
  readonly users: Set<string>
}

/** A message, in the fields of Discord's message object. */
export interface Message {
  readonly id: string
  readonly type: MessageType
  readonly channel_id: string
  readonly author: User
  content: string
  readonly timestamp: string
  edited_timestamp: string | null
  readonly tts: boolean
  readonly mention_everyone: boolean
  mentions: readonly User[]
  readonly mention_roles: readonly string[]
  attachments: readonly Attachment[]
  embeds: readonly unknown[]
  components: readonly unknown[]
  readonly pinned: boolean
  flags: number
  readonly nonce?: string | number
  readonly webhook_id?: string
  readonly application_id?: string
  readonly message_reference?: Readonly<Record<string, unknown>>
  readonly referenced_message?: Message | null
  readonly message_snapshots?: readonly unknown[]
  readonly poll?: unknown
  thread?: Channel
  reactions?: readonly unknown[]
}

/** What Create Message, webhooks and interactions take in common. */
export interface MessageDraft {
  readonly content?: string | undefined
  readonly embeds?: readonly unknown[] | undefined
  readonly components?: readonly unknown[] | undefined
  readonly flags?: number | undefined
  readonly tts?: boolean | undefined
  readonly poll?: unknown
  readonly nonce?: string | number | undefined
  readonly enforceNonce?: boolean | undefined
  readonly attachments?: readonly Attachment[] | undefined
  readonly reference?:
    | {
        readonly type?: MessageReferenceType | undefined
        readonly messageId: string
        readonly channelId?: string | undefined
      }
    | undefined
  readonly webhookId?: string | undefined
  readonly applicationId?: string | undefined
}

/** How the rest of the fake learns of a change: a gateway event and the channel it happened in. */
export type EventSink = (event: string, data: Readonly<Record<string, unknown>>, channel: Channel) => void

/** "Within minutes": what enforce_nonce remembers. */
const NONCE_MS = 5 * 60_000
/** Messages of a channel, and nonces, that are remembered. */
const KEPT = 20_000

export class MessageStore {
  readonly #state: DiscordState
  readonly #emit: EventSink
  readonly #byChannel = new Map<string, Map<string, Message>>()
  readonly #reactions = new Map<string, Reaction[]>()
  readonly #nonces = new Map<string, { readonly message: Message; readonly until: number }>()

  constructor(state: DiscordState, emit: EventSink) {
    this.#state = state
    this.#emit = emit
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
    return this.#reactions.get(messageId) ?? []
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
    this.#emit('MESSAGE_DELETE', { id: message.id, channel_id: channel.id, ...guildOf(channel) }, channel)
  }

  /** `emoji` as in the URL: a character, or `name:id`. */
  react(user: User, message: Message, channel: Channel, emoji: string): void {
    const [name = '', id = null] = emoji.split(':')
    let reactions = this.#reactions.get(message.id)
    if (!reactions) this.#reactions.set(message.id, (reactions = []))
    let reaction = reactions.find((candidate) => candidate.emoji.name === name && candidate.emoji.id === id)
    if (!reaction) reactions.push((reaction = { emoji: { id, name }, users: new Set() }))
    reaction.users.add(user.id)
    this.#reacted('MESSAGE_REACTION_ADD', user, message, channel, reaction)
  }

  unreact(user: User, message: Message, channel: Channel, emoji: string): void {
    const [name = '', id = null] = emoji.split(':')
    const reaction = this.reactions(message.id).find(({ emoji: e }) => e.name === name && e.id === id)
    if (reaction?.users.delete(user.id) !== true) return
    this.#reacted('MESSAGE_REACTION_REMOVE', user, message, channel, reaction)
  }

  #reacted(event: string, user: User, message: Message, channel: Channel, { emoji }: Reaction): void {
    const reactions = this.reactions(message.id).filter(({ users }) => users.size > 0)
    message.reactions = reactions.map(({ emoji: e, users }) => ({
      emoji: e,
      count: users.size,
      count_details: { burst: 0, normal: users.size },
      me: users.has(this.#state.bot.id),
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
    this.#emit(event, { ...data, ...guildOf(channel), ...member }, channel)
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
      message_reference: { type, message_id: messageId, channel_id: channelId, ...guildOf(channel) },
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

function guildOf(channel: Channel): { readonly guild_id?: string } {
  return channel.guild_id === undefined ? {} : { guild_id: channel.guild_id }
}
