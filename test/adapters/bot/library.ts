import type { DiscordTransport } from '../../../src/index.js'
import type { BotSettings } from './messages.js'

/** A message as the scenario needs it. */
export interface HeardMessage {
  readonly id: string
  readonly channelId: string
  readonly authorId: string
  readonly content: string
  /** URLs of its attachments. */
  readonly attachments: readonly string[]
}

/** What a library's bot is given. */
export interface BotContext {
  readonly transport: DiscordTransport
  readonly settings: BotSettings
  /** The library says that the bot is connected. */
  readonly ready: () => void
  readonly message: (message: HeardMessage) => void
  /** An error that the library reports to its user. */
  readonly failed: (error: unknown) => void
}

/** The scenario's steps in the words of one library. */
export interface LibraryBot {
  /** @returns the id of the new message, which refers to `message` */
  reply(message: HeardMessage, content: string): Promise<string>
  /** @returns the id of the new message */
  upload(channelId: string, name: string, bytes: Buffer): Promise<string>
  edit(channelId: string, messageId: string, content: string): Promise<unknown>
  react(channelId: string, messageId: string, emoji: string): Promise<unknown>
  /** Ends the library's connections; the transport is closed afterwards. */
  stop(): Promise<void> | void
}

/** Each file of `libraries/` exports it as `startBot`. */
export type StartBot = (context: BotContext) => Promise<LibraryBot>
