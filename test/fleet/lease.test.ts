import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../../src/fleet/fleet.js'
import { FleetMemory } from '../../src/fleet/memory/memory-store.js'
import { StoreUnavailable, type FleetStore } from '../../src/fleet/store.js'
import { FLEET_TIMING } from '../../src/fleet/timing.js'
import type { GatewayFleetMember, GatewaySession } from '../../src/index.js'
import { VirtualClock } from './virtual-clock.js'

const { holdMs, termMs, renewMs } = FLEET_TIMING

/** A member on a virtual clock, with a store that can be away. */
class Lab {
  readonly clock = new VirtualClock()
  readonly memory = new FleetMemory({ clock: this.clock, termMs })
  readonly fleet: Fleet
  readonly opened: number[] = []
  /** When each shard was closed. */
  readonly closedAt: number[] = []
  isAway = false
  /** The next renewal meets a store that has lost its memory. */
  isEmptied = false
  /** When the last renewal that was answered had been sent. */
  renewedAt = 0

  constructor() {
    this.fleet = createFleet(this.#store(this.memory.store()), FLEET_TIMING, this.clock)
  }

  async join(): Promise<void> {
    const member: GatewayFleetMember = {
      shardCount: 2,
      recommendedShards: () => Promise.resolve(2),
      open: (shardId) => void this.opened.push(shardId),
      close: (shardId) => {
        this.closedAt.push(this.clock.now())
        return Promise.resolve(sessionOf(shardId))
      },
      settled: () => undefined,
      debug: () => undefined,
    }
    void this.fleet.shardLeases.join(member)
    await this.clock.until(() => this.opened.length === 2)
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    this.clock.after(ms, () => undefined)
    await this.clock.until(() => this.clock.now() >= end)
  }

  #store(store: FleetStore): FleetStore {
    return {
      ...store,
      renew: async (request) => {
        if (this.isAway) throw new StoreUnavailable('away')
        this.renewedAt = this.clock.now()
        if (this.isEmptied) {
          this.isEmptied = false
          return { kind: 'epoch', epoch: 'another' }
        }
        return store.renew(request)
      },
    }
  }
}

const sessionOf = (shardId: number): GatewaySession => ({
  id: `session-${shardId}`,
  sequence: 7,
  resumeUrl: 'wss://gateway.discord.gg/',
  shardId,
  shardCount: 2,
})

describe('the lease of a member', () => {
  it('stands while its store is away for less than the lease', async () => {
    const lab = new Lab()
    await lab.join()
    lab.isAway = true
    await lab.pass(3_000)
    expect(lab.fleet.status).toMatchObject({ state: 'away', shards: [0, 1] })
    expect(lab.fleet.shardLeases.holds(0)).toBe(true)
    lab.isAway = false
    await lab.pass(2 * renewMs)
    expect(lab.fleet.status.state).toBe('member')
    expect(lab.opened).toEqual([0, 1])
    expect(lab.closedAt).toEqual([])
  })

  it('ends before the one that the store counts, and the shards are closed by then', async () => {
    const lab = new Lab()
    await lab.join()
    lab.isAway = true
    const { renewedAt } = lab
    await lab.pass(termMs)
    expect(lab.closedAt).toEqual([renewedAt + holdMs, renewedAt + holdMs])
    expect(holdMs).toBeLessThan(termMs)
    expect(lab.fleet.status).toMatchObject({ state: 'suspended', shards: [0, 1] })
    expect(lab.fleet.shardLeases.holds(0)).toBe(false)
    lab.isAway = false
    await lab.clock.until(() => lab.opened.length === 4)
    expect(lab.fleet.shardLeases.holds(0)).toBe(true)
  })

  it('has ended for a member whose machine was suspended, before any timer has fired', async () => {
    const lab = new Lab()
    await lab.join()
    lab.clock.wakeUpAfter(holdMs)
    expect(lab.fleet.shardLeases.holds(0)).toBe(false)
    expect(lab.fleet.status.state).toBe('suspended')
  })
})

describe('a session that a member closed when its lease ended', () => {
  it.each([
    [true, 'counts as handed over where the store remembers that nobody else had it', false],
    [false, 'counts as doubtful where the store has lost its memory', true],
  ])('handedOver is %s: it %s', async (handedOver, _what, isEmptied) => {
    const lab = new Lab()
    await lab.join()
    lab.isAway = true
    await lab.clock.until(() => lab.closedAt.length === 2)
    lab.isEmptied = isEmptied
    lab.isAway = false
    await lab.clock.until(() => lab.opened.length === 4)
    expect(lab.fleet.sessionStore.load(0)).toEqual({ ...sessionOf(0), handedOver })
  })
})

describe('the turns to identify of a member', () => {
  it("wait for Discord's next day when the session starts are used up", async () => {
    const lab = new Lab()
    await lab.join()
    const { identifyThrottler } = lab.fleet
    const resetMs = 3 * 60_000
    const identified: number[] = []
    const since = lab.clock.now()
    identifyThrottler.configure?.({
      ...{ total: 1_000, remaining: 1, reset_after: resetMs, max_concurrency: 16 },
    })
    for (const shardId of [0, 1])
      void Promise.resolve(identifyThrottler.waitForIdentify(shardId, new AbortController().signal)).then(
        () => identified.push(lab.clock.now() - since),
      )
    await lab.clock.until(() => identified.length === 2)
    expect(identified[0]).toBeLessThan(1_000)
    expect(identified[1]).toBeGreaterThanOrEqual(resetMs)
    expect(identified[1]).toBeLessThan(resetMs + 1_000)
  })
})
