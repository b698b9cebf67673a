import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../../src/fleet/fleet.js'
import { FleetMemory } from '../../src/fleet/memory/memory-store.js'
import { StoreUnavailable, type FleetStore, type SessionWrite } from '../../src/fleet/store.js'
import { FLEET_TIMING, sleep } from '../../src/fleet/timing.js'
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
  /** Milliseconds from a renewal to its answer. */
  answerMs = 0
  /** What the store has written. */
  readonly saved: SessionWrite[] = []
  isStoreClosed = false

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

  /** The virtual milliseconds that the member needs to leave. */
  leave(): Promise<number> {
    let hasLeft = false
    void Promise.resolve(this.fleet.shardLeases.leave({ keepSession: true })).then(() => (hasLeft = true))
    return this.clock.until(() => hasLeft)
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
        const reply = await store.renew(request)
        if (this.answerMs > 0) await sleep(this.clock, this.answerMs, new AbortController().signal)
        return reply
      },
      save: async (caller, writes) => {
        if (this.isAway) throw new StoreUnavailable('away')
        await store.save(caller, writes)
        this.saved.push(...writes)
      },
      close: async () => {
        this.isStoreClosed = true
        await store.close()
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

  it('is counted from the question, however late the answer comes', async () => {
    const lab = new Lab()
    await lab.join()
    lab.answerMs = 900
    await lab.clock.until(() => lab.renewedAt > 0)
    await lab.pass(3 * (renewMs + lab.answerMs))
    lab.isAway = true
    const { renewedAt } = lab
    await lab.pass(termMs)
    expect(lab.closedAt).toEqual([renewedAt + holdMs, renewedAt + holdMs])
  })

  it('has ended for a member whose machine was suspended, before any timer has fired', async () => {
    const lab = new Lab()
    await lab.join()
    lab.clock.wakeUpAfter(holdMs)
    expect(lab.fleet.shardLeases.holds(0)).toBe(false)
    expect(lab.fleet.status.state).toBe('suspended')
  })
})

describe('a member that leaves', () => {
  it('gives up its store', async () => {
    const lab = new Lab()
    await lab.join()
    await lab.leave()
    expect(lab.isStoreClosed).toBe(true)
    expect(lab.fleet.status.state).toBe('idle')
  })

  it('waits five seconds for a store that is away, and no longer', async () => {
    const lab = new Lab()
    await lab.join()
    lab.isAway = true
    expect(await lab.leave()).toBe(5_000)
    expect(lab.isStoreClosed).toBe(true)
  })
})

describe('a session that began while the store was away for a moment', () => {
  it('is written when the store answers again', async () => {
    const lab = new Lab()
    await lab.join()
    lab.isAway = true
    void lab.fleet.sessionStore.save(sessionOf(0))
    await lab.pass(600)
    lab.isAway = false
    await lab.pass(1_000)
    expect(lab.saved).toMatchObject([{ shardId: 0, sequence: 7 }])
    expect(lab.saved[0]?.session).toContain('session-0')
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
  it('come five seconds after one another, also where a shard is late for its turn', async () => {
    const lab = new Lab()
    await lab.join()
    const { identifyThrottler } = lab.fleet
    const { signal } = new AbortController()
    const identified: number[] = []
    const identify = async (shardId: number): Promise<void> => {
      await identifyThrottler.waitForIdentify(shardId, signal)
      identified.push(lab.clock.now())
    }
    await identifyThrottler.prepare?.(0, signal)
    void identify(1)
    // Its connection takes two seconds to open.
    await lab.pass(2_000)
    void identify(0)
    await lab.clock.until(() => identified.length === 2)
    expect(identified[1]! - identified[0]!).toBeGreaterThanOrEqual(5_000)
  })

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

  it('goes to another shard where the one that had it gives up', async () => {
    const lab = new Lab()
    await lab.join()
    const { identifyThrottler } = lab.fleet
    const { signal } = new AbortController()
    await identifyThrottler.waitForIdentify(0, signal)
    const since = lab.clock.now()
    const left = new AbortController()
    const prepared = Promise.resolve(identifyThrottler.prepare?.(1, left.signal)).catch(() => 'given up')
    await lab.pass(1_000)
    left.abort(new Error('the attempt was given up'))
    expect(await prepared).toBe('given up')
    let identifiedAt = 0
    void Promise.resolve(identifyThrottler.waitForIdentify(0, signal)).then(
      () => (identifiedAt = lab.clock.now()),
    )
    await lab.clock.until(() => identifiedAt > 0)
    expect(identifiedAt - since).toBeLessThan(7_000)
  })
})
