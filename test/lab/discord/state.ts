import { randomBytes } from 'node:crypto'
import { ChannelType } from 'discord-api-types/v10'
import { guildObject } from './guild.js'
import { snowflake } from './snowflake.js'

export interface User {
  readonly id: string
  readonly username: string
  readonly discriminator: string
  readonly global_name: string | null
  readonly avatar: string | null
  readonly public_flags: number
  readonly bot?: true
}

export interface Channel {
  readonly id: string
  readonly type: ChannelType
  readonly guild_id?: string
  readonly name?: string
  readonly [field: string]: unknown
}

/** An application command, as it was deployed. */
export interface Command {
  readonly id: string
  readonly [field: string]: unknown
}

/** A registered webhook, or the one that an interaction's token is. */
export interface Webhook {
  readonly id: string
  readonly token: string
  readonly channelId: string
  readonly author: User
  readonly applicationId: string | undefined
  /** The message that `@original` means. */
  originalId: string | undefined
}

/** How the rest of the fake learns of a change: a gateway event and the channel it happened in. */
export type EventSink = (event: string, data: Readonly<Record<string, unknown>>, channel: Channel) => void

/** What events of a guild's channel carry, and those of a direct channel do not. */
export function guildField(channel: Channel): { readonly guild_id?: string } {
  return channel.guild_id === undefined ? {} : { guild_id: channel.guild_id }
}

const JOINED = '2024-01-01T00:00:00.000000+00:00'
/** One guild with its owner and the bot, its channels, and a direct channel between these two. */
export class DiscordState {
  readonly users = new Map<string, User>()
  readonly channels = new Map<string, Channel>()
  readonly webhooks = new Map<string, Webhook>()
  readonly commands = new Map<string, readonly Command[]>()
  readonly bot: User
  readonly human: User
  readonly guildId: string
  readonly channelId: string
  readonly directChannelId: string
  /** The flags of the bot's application: which privileged intents the developer portal has switched on. */
  applicationFlags = 0

  constructor() {
    this.bot = this.addUser('lab-bot', { bot: true })
    this.human = this.addUser('alice')
    this.guildId = snowflake()
    this.channelId = this.addChannel('general').id
    this.directChannelId = this.directChannel(this.human).id
  }

  get applicationId(): string {
    return this.bot.id
  }

  addUser(username: string, { bot = false }: { bot?: boolean } = {}): User {
    const user: User = {
      id: snowflake(),
      username,
      discriminator: bot ? '0001' : '0',
      global_name: bot ? null : username,
      avatar: null,
      public_flags: 0,
      ...(bot ? { bot: true } : {}),
    }
    this.users.set(user.id, user)
    return user
  }

  addChannel(name: string, fields: Readonly<Record<string, unknown>> = {}): Channel {
    const channel: Channel = {
      id: snowflake(),
      type: ChannelType.GuildText,
      guild_id: this.guildId,
      name,
      position: this.channels.size,
      permission_overwrites: [],
      nsfw: false,
      topic: null,
      last_message_id: null,
      rate_limit_per_user: 0,
      parent_id: null,
      flags: 0,
      ...fields,
    }
    this.channels.set(channel.id, channel)
    return channel
  }

  addThread(parentId: string, name: string, id: string = snowflake()): Channel {
    return this.addChannel(name, {
      id,
      type: ChannelType.PublicThread,
      parent_id: parentId,
      owner_id: this.bot.id,
      message_count: 0,
      member_count: 1,
      total_message_sent: 0,
      thread_metadata: {
        archived: false,
        auto_archive_duration: 1440,
        archive_timestamp: JOINED,
        locked: false,
        create_timestamp: new Date().toISOString(),
      },
    })
  }

  directChannel(recipient: User): Channel {
    for (const channel of this.channels.values()) {
      if (channel['recipientId'] === recipient.id) return channel
    }
    const channel: Channel = {
      id: snowflake(),
      type: ChannelType.DM,
      last_message_id: null,
      flags: 0,
      recipients: [recipient],
    }
    // Not a field of Discord's: kept out of what is serialised.
    Object.defineProperty(channel, 'recipientId', { value: recipient.id })
    this.channels.set(channel.id, channel)
    return channel
  }

  addWebhook(webhook: Omit<Webhook, 'originalId'>): Webhook {
    const stored: Webhook = { ...webhook, originalId: undefined }
    this.webhooks.set(`${webhook.id}/${webhook.token}`, stored)
    return stored
  }

  /** A webhook that posts to a channel under its own name. */
  addChannelWebhook(channelId: string, name = 'lab-webhook'): Webhook {
    const author = this.addUser(name, { bot: true })
    const token = randomBytes(51).toString('base64url')
    return this.addWebhook({ id: author.id, token, channelId, author, applicationId: undefined })
  }

  member(user: User): Record<string, unknown> {
    return {
      user,
      nick: null,
      avatar: null,
      roles: [],
      joined_at: JOINED,
      premium_since: null,
      deaf: false,
      mute: false,
      pending: false,
      flags: 0,
      communication_disabled_until: null,
    }
  }

  /** The guild as `GET /guilds/:id` answers. */
  guild(): Record<string, unknown> {
    return guildObject(this.guildId, this.human.id)
  }

  /** The guild as GUILD_CREATE carries it. */
  guildCreate(): Record<string, unknown> {
    const members = [...this.users.values()].map((user) => this.member(user))
    const inGuild = [...this.channels.values()].filter((channel) => channel.guild_id === this.guildId)
    return {
      ...this.guild(),
      joined_at: JOINED,
      large: false,
      unavailable: false,
      member_count: members.length,
      members,
      channels: inGuild.filter((channel) => channel.type !== ChannelType.PublicThread),
      threads: inGuild.filter((channel) => channel.type === ChannelType.PublicThread),
      voice_states: [],
      presences: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
    }
  }
}
