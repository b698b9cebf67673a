import type { Endpoint, GuardReport } from './guard.js'

/** Everything that the bot's process is told about the world. */
export interface BotSettings {
  readonly token: string
  readonly channelId: string
  /** Absent: the environment names it. */
  readonly proxy?: string
  /** Authorities to trust, PEM: of Discord's certificates, and of the proxy's. */
  readonly ca?: string
  readonly proxyCa?: string
  /** Where this process may connect. Absent: the proxy and nowhere else. */
  readonly allowed?: readonly Endpoint[]
  readonly localNames?: Readonly<Record<string, string>>
  readonly systemDns?: boolean
  /** Nobody else will say !ping: the bot says it itself. */
  readonly asksItself: boolean
}

/** A statement about the run, and whether it turned out true. */
export interface Check {
  readonly claim: string
  readonly holds: boolean
}

/** What went to one destination. */
export interface Traffic {
  /** `host:port`. */
  readonly target: string
  readonly tunnels: number
  readonly sent: number
  readonly received: number
}

export interface BotResult {
  readonly checks: readonly Check[]
  /** By the transport's own count. */
  readonly traffic: readonly Traffic[]
  readonly guard: GuardReport
}

export type BotMessage =
  | { readonly type: 'says'; readonly who: 'bot' | 'guard'; readonly text: string }
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly result: BotResult }
  | { readonly type: 'failed'; readonly message: string; readonly hint?: string }
