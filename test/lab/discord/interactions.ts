import { randomBytes } from 'node:crypto'
import { type InteractionResponseType, InteractionType } from 'discord-api-types/v10'
import { EventLog, type WaitOptions } from './event-log.js'
import { ALL_PERMISSIONS } from './guild.js'
import type { Message } from './message.js'
import { snowflake } from './snowflake.js'
import type { Channel, DiscordState, EventSink, User, Webhook } from './state.js'

export interface InteractionOptions {
  /** Default: the human of the lab. */
  readonly user?: User
  /** Default: the guild's first channel. */
  readonly channelId?: string
  /** Default: a slash command. */
  readonly type?: InteractionType
  /** The message that carries the component. */
  readonly message?: Message
}

/** What the bot answered first, by REST. */
export interface InteractionCallback {
  readonly type: InteractionResponseType
  readonly data: unknown
  readonly message: Message | undefined
}

export interface Interaction {
  readonly id: string
  readonly token: string
  readonly type: InteractionType
  readonly channel: Channel
  /** Its token is the interaction's: follow-ups go there. */
  readonly webhook: Webhook
  /** The message that carries the component. */
  readonly message: Message | undefined
  callback: InteractionCallback | undefined
  waitForCallback(options?: WaitOptions): Promise<InteractionCallback>
}

export class Interactions {
  readonly #state: DiscordState
  readonly #emit: EventSink
  readonly #log = new EventLog<Interaction>('an interaction callback', ({ id, callback }) =>
    callback ? `${id} answered` : `${id} open`,
  )

  constructor(state: DiscordState, emit: EventSink) {
    this.#state = state
    this.#emit = emit
  }

  get all(): readonly Interaction[] {
    return this.#log.entries
  }

  find(id: string, token: string): Interaction | undefined {
    return this.#log.entries.findLast((interaction) => interaction.id === id && interaction.token === token)
  }

  /** A user does something: `data` is the interaction's `data`, `{ name }` for a command is enough. */
  create(data: Readonly<Record<string, unknown>>, options: InteractionOptions = {}): Interaction {
    const { user = this.#state.human, type = InteractionType.ApplicationCommand, message } = options
    const channel = this.#state.channels.get(options.channelId ?? this.#state.channelId)
    if (!channel) throw new Error(`no channel ${options.channelId ?? ''}`)
    const id = snowflake()
    const { bot, applicationId } = this.#state
    const webhook = this.#state.addWebhook({
      id: applicationId,
      // Real ones are of this length too, and they make up most of the path of a callback.
      token: randomBytes(132).toString('base64url'),
      channelId: channel.id,
      author: bot,
      applicationId,
    })
    const interaction: Interaction = {
      id,
      token: webhook.token,
      type,
      channel,
      webhook,
      message,
      callback: undefined,
      waitForCallback: async (wait) => {
        await this.#log.waitFor((other) => other.id === id && other.callback !== undefined, wait)
        return interaction.callback!
      },
    }
    this.#log.add(interaction)
    this.#emit('INTERACTION_CREATE', this.#event(interaction, user, data), channel)
    return interaction
  }

  answered(interaction: Interaction, callback: InteractionCallback): void {
    interaction.callback = callback
    this.#log.changed()
  }

  close(): void {
    this.#log.close()
  }

  #event(
    { id, token, type, channel, message }: Interaction,
    user: User,
    data: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    const inGuild = channel.guild_id !== undefined
    return {
      id,
      application_id: this.#state.applicationId,
      type,
      data: { ...(type === InteractionType.ApplicationCommand ? { id: snowflake(), type: 1 } : {}), ...data },
      channel_id: channel.id,
      channel,
      token,
      version: 1,
      locale: 'en-US',
      app_permissions: ALL_PERMISSIONS,
      entitlements: [],
      authorizing_integration_owners: {},
      context: inGuild ? 0 : 1,
      attachment_size_limit: 10 * 1024 * 1024,
      ...(message ? { message } : {}),
      ...(inGuild
        ? {
            guild_id: channel.guild_id,
            guild: { id: channel.guild_id, locale: 'en-US', features: [] },
            guild_locale: 'en-US',
            member: { ...this.#state.member(user), permissions: ALL_PERMISSIONS },
          }
        : { user }),
    }
  }
}
