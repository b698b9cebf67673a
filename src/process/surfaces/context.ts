import type { Decisions } from '../decisions.js'
import type { Hooks } from '../hooks.js'
import type { ResolvedInstallOptions } from '../options.js'
import type { ProcessRoutes } from '../route.js'

/** What the hooks of one installation share. */
export interface HookContext {
  readonly options: ResolvedInstallOptions
  readonly routes: ProcessRoutes
  readonly decisions: Decisions
  readonly hooks: Hooks
  /** Called by stop(), before the hooks are put back. */
  readonly onStop: (undo: () => void) => void
}
