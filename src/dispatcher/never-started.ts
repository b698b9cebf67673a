import type { Dispatcher } from 'undici'

/** The controller of a request that was never started: there is nothing to pause or abort. */
export const NEVER_STARTED: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
}
