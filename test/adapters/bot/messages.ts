import type { GuardReport } from '../../../examples/demo/guard.js'

/** The libraries that have a bot in `libraries/`, by file name. */
export type BotLibrary =
  | 'carbon'
  | 'discord.js'
  | 'discordjs-core'
  | 'discordjs-ws-1'
  | 'dfx'
  | 'discordx'
  | 'dysnomia'
  | 'eris'
  | 'oceanic.js'
  | 'sapphire'
  | 'slash-create'

/** Everything that a bot knows about the world. */
export interface BotSettings {
  readonly library: BotLibrary
  readonly proxy: string
  readonly proxyPort: number
  /** The certificate authority of the fake Discord, PEM. */
  readonly ca: string
  readonly token: string
  readonly applicationId: string
  readonly channelId: string
}

/** The last report of every bot. */
export interface Stopped {
  readonly type: 'stopped'
  readonly guard: GuardReport
}

/** What the bot tells the test. */
export type BotReport =
  | { readonly type: 'ready' }
  | { readonly type: 'heard'; readonly content: string }
  /** `!ping` was answered in full: reply, upload, download, edit and reaction. */
  | { readonly type: 'answered'; readonly downloadedSha256: string }
  | { readonly type: 'failed'; readonly what: string }
  | { readonly type: 'warning'; readonly name: string; readonly message: string }
  | Stopped

export type BotCommand<Settings = BotSettings> =
  { readonly type: 'start'; readonly settings: Settings } | { readonly type: 'stop' }
