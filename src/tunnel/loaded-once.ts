import type { Attempt } from './attempt.js'

/** Code that importing the package does not load. */
export interface LoadedOnce<Loaded> {
  /** Begins to load it. A failure is that of the attempt which needs it. */
  begin(): void
  /** What was loaded; within the attempt, as long as it is not. */
  within(attempt: Attempt): Promise<Loaded>
}

/**
 * Does not call import() again for later tunnels: it resolves the name anew each time, and the hooks of a loader answer it
 * from a thread of their own.
 *
 * @param load imports it
 */
export function loadedOnce<Loaded>(load: () => Promise<Loaded>): LoadedOnce<Loaded> {
  let loaded: Loaded | undefined
  const keep = async (): Promise<Loaded> => (loaded ??= await load())
  return {
    begin: () => void keep().catch(() => undefined),
    within: async (attempt) => loaded ?? attempt.step('proxy-connect', keep()),
  }
}
