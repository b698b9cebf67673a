/**
 * The times of a fleet, in milliseconds. A member stops before the store lets others in: `holdMs` is counted by the
 * member from the moment at which it sent its last renewal, `termMs` by the store from its arrival.
 */
export interface FleetTiming {
  /** How often a member renews its lease. */
  readonly renewMs: number
  /** A member that could not renew its lease for so long closes its shards. */
  readonly holdMs: number
  /** A member that has not renewed its lease for so long is dead: others take its shards. */
  readonly termMs: number
  /** For each command. A later answer does not count, and a script that runs later does nothing. */
  readonly commandMs: number
  /** From an event to the write of its sequence. The command itself comes on top. */
  readonly writeMs: number
  /** Where it is unknown whether a shard has begun a session, Discord gets so long to end it. */
  readonly doubtMs: number
}

/** A death is noticed after `termMs` + `renewMs`, 4.3 s, at the latest. */
export const FLEET_TIMING: FleetTiming = {
  renewMs: 300,
  holdMs: 3_600,
  termMs: 4_000,
  commandMs: 1_000,
  writeMs: 50,
  // Discord closes a connection without heartbeats after one interval of 41 s and a grace.
  doubtMs: 60_000,
}

/** The clock of a member; a simulation has its own. */
export interface FleetClock {
  /** Milliseconds that only grow. */
  now(): number
  /** Milliseconds since 1970: they go on while a virtual machine is suspended. */
  wall(): number
  /** Calls back once, and returns how to give that up. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: FleetClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** Waits, or returns early when the signal aborts. */
export function sleep(clock: FleetClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
