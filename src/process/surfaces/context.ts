import type { Decisions } from '../decisions.js'
import type { Hooks } from '../hooks.js'
import type { ResolvedInstallOptions } from '../options.js'
import type { ProcessRoutes } from '../route.js'
import type { Surface } from '../surface.js'
import type { ConnectTarget } from './connect-arguments.js'
import type { SocketOrigins } from './socket-origins.js'
import type { VoiceServers } from './voice-servers.js'

/** What the hooks of one installation share. */
export interface HookContext {
  readonly options: ResolvedInstallOptions
  readonly routes: ProcessRoutes
  readonly decisions: Decisions
  readonly hooks: Hooks
  readonly origins: SocketOrigins
  readonly voiceServers: VoiceServers
  /** The surface whose function runs now, for the functions that it calls. */
  readonly current: {
    surface?: Surface | undefined
    /** Where an undici Agent connects now, without TLS. */
    plain?: ConnectTarget | undefined
  }
  /** Called by stop(), before the hooks are put back. */
  readonly onStop: (undo: () => void) => void
}
