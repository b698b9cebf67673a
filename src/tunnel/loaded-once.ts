import type { Attempt } from './attempt.js'

/**
 * A package that the first tunnel loads. Later tunnels do not call import() again: it resolves the name anew each time,
 * and the hooks of a loader answer it from a thread of their own.
 *
 * @param load imports it
 * @returns what was imported; within the attempt, as long as it is being loaded
 */
export function loadedOnce<Loaded>(load: () => Promise<Loaded>): (attempt: Attempt) => Promise<Loaded> {
  let loaded: Loaded | undefined
  return async (attempt) => (loaded ??= await attempt.step('proxy-connect', load()))
}
