import type { GatewayFleet } from '../index.js'
import type { FleetStatus } from './fleet-view.js'
import { IdentifyTurns } from './identify-turns.js'
import { Member } from './member.js'
import type { FleetStore } from './store.js'
import { FLEET_TIMING, systemClock, type FleetClock, type FleetTiming } from './timing.js'

/** A fleet as `createGateway({ fleet })` takes it, with what there is to watch. */
export interface Fleet extends GatewayFleet {
  /** How this member stands at this moment. */
  readonly status: FleetStatus
}

/** One member on a store. */
export function createFleet(
  store: FleetStore,
  timing: FleetTiming = FLEET_TIMING,
  clock: FleetClock = systemClock,
): Fleet {
  const member = new Member(store, timing, clock)
  return {
    sessionStore: member.sessions,
    identifyThrottler: new IdentifyTurns(store, member, clock),
    shardLeases: member,
    get status() {
      return member.status
    },
  }
}
