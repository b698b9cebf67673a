import type { Destination } from '../contender.js'

/** What the bench asks of a contender's process. */
export type Command =
  /** A new client; the one before is closed. */
  | { readonly do: 'open'; readonly destination: Destination }
  /** Sends for `ms`, so many at a time. */
  | { readonly do: 'load'; readonly inFlight: number; readonly ms: number }
  | { readonly do: 'send' }
  | { readonly do: 'warm' }
  /** So many at once; says how many arrived. */
  | { readonly do: 'burst'; readonly count: number }
  | { readonly do: 'upload'; readonly path: string }
  | { readonly do: 'close' }

export interface Load {
  readonly sends: number
  readonly failed: number
  readonly ms: number
  /** Of the process, user and system. */
  readonly cpuMicros: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Timed {
  readonly ms: number
}

export interface Burst extends Timed {
  readonly arrived: number
}

export interface Upload extends Timed {
  /** Resident memory at its highest, above that before the upload. */
  readonly peakBytes: number
}

/** What each command is answered with. */
export interface Answers {
  readonly open: Timed
  readonly load: Load
  readonly send: Timed
  readonly warm: Timed & { readonly able: boolean }
  readonly burst: Burst
  readonly upload: Upload
  readonly close: Timed
}

export interface Reply {
  readonly answer?: Answers[keyof Answers]
  readonly error?: string
}
