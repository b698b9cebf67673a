import type { MemberLoad, Renewed } from './store.js'

/** How a member stands at this moment. */
export interface FleetStatus {
  /** The name of this member, as the store lists it. */
  readonly member: string
  /** `away`: the store cannot be reached, and the lease still stands; `suspended`: the lease has ended. */
  readonly state: 'idle' | 'joining' | 'member' | 'away' | 'suspended' | 'leaving'
  /** Shards of the bot in all, null before it is known; each other count is another generation. */
  readonly shardCount: number | null
  readonly generation: number
  /** The shards whose leases this member has. */
  readonly shards: readonly number[]
  /** How many members there are. */
  readonly members: number
  /** Shards that no member has. */
  readonly free: number
  readonly epoch: string
}

/** What a member knows of its fleet. */
export interface FleetView extends Pick<Renewed, 'epoch' | 'tide' | 'version' | 'generation' | 'free'> {
  readonly count: number | undefined
  readonly members: readonly MemberLoad[]
}

/** Before the first answer of the store. */
export const UNKNOWN: FleetView = {
  epoch: '',
  tide: 0,
  version: -1,
  generation: 0,
  count: undefined,
  members: [],
  free: 0,
}

/** After an answer of the store. */
export function learned(view: FleetView, reply: Renewed): FleetView {
  const { epoch, version, generation, count, free, members = view.members } = reply
  return { epoch, version, generation, count, free, members, tide: Math.max(view.tide, reply.tide) }
}
