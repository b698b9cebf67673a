import type { MessageReferenceType, MessageType } from 'discord-api-types/v10'
import type { Attachment } from './cdn.js'
import type { Channel, User } from './state.js'

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
