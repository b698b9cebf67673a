import type { GatewayFleet } from '../index.js'
import { IdentifyTurns, type TurnQuestion } from './identify-turns.js'
import type { FleetStatus } from './fleet-view.js'
import { Member } from './member.js'
import { SessionWriter } from './session-writer.js'
import type { FleetStore, TurnRequest } from './store.js'
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
  const sessions = new SessionWriter({
    clock,
    writeMs: timing.writeMs,
    token: (shardId) => member.token(shardId),
    write: (writes) => store.save(member.caller, writes),
  })
  const member: Member = new Member({ store, clock, timing, sessions })
  const request = (question: TurnQuestion): TurnRequest => ({
    ...member.caller,
    ...question,
    token: member.token(question.shardId) ?? 0,
  })
  const identifyThrottler = new IdentifyTurns({
    clock,
    ask: (question) => store.turn(request(question)),
    giveBack: (question, at) => store.giveBack(request(question), at),
    blockedMs: (shardId) => member.blockedMs(shardId),
  })
  return {
    sessionStore: sessions,
    identifyThrottler,
    shardLeases: member,
    get status() {
      return member.status
    },
  }
}
