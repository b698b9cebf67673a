import type { GatewayFleet, GatewayFleetMember, GatewaySession } from '../index.js'

/**
 * One shard of a fleet's member, as a fleet of its own: Carbon has a plugin for each shard, and discord.js gets a Client: so each has a gateway client.
 * The sessions, the turns to identify and the lease are those of the member.
 */
export class ShardLease implements GatewayFleet {
  readonly sessionStore: GatewayFleet['sessionStore']
  readonly identifyThrottler: GatewayFleet['identifyThrottler']
  readonly shardLeases: GatewayFleet['shardLeases']
  #member: GatewayFleetMember | undefined
  #session: GatewaySession | null = null

  constructor(fleet: GatewayFleet, shardId: number, shardCount: number) {
    this.sessionStore = fleet.sessionStore
    this.identifyThrottler = fleet.identifyThrottler
    this.shardLeases = {
      join: (member) => {
        this.#member = member
        member.open(shardId, shardCount)
        member.settled(true)
        return Promise.resolve()
      },
      holds: (id) => fleet.shardLeases.holds(id),
      leave: async ({ keepSession }) => {
        const reason = 'the fleet closes the shard'
        this.#session = (await this.#member?.close(shardId, { keepSession, reason })) ?? null
      },
    }
  }

  /** What it takes to resume, after the shard was closed. */
  get session(): GatewaySession | null {
    return this.#session
  }
}
