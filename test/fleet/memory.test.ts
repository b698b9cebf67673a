import { afterEach, describe, expect, it } from 'vitest'
import { FleetMemory, memoryFleet } from '../../src/fleet/index.js'
import type { GatewayClient, GatewaySession } from '../../src/index.js'
import { failureOf, GatewayLab, next, recordDispatches } from '../gateway/gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

async function startLab(): Promise<void> {
  lab = await GatewayLab.start()
  lab.discord.gateway.sessionStarts.maxConcurrency = 16
}

const ready = (gateway: GatewayClient): number[] =>
  gateway.shards.filter(({ state }) => state === 'ready').map(({ id }) => id)

describe('a fleet in memory', () => {
  it('gives a lone member every shard, and resumes them for the next member', async () => {
    await startLab()
    const memory = new FleetMemory()
    const first = await lab.connected({ shards: 3, fleet: memoryFleet(memory) })
    expect(ready(first)).toEqual([0, 1, 2])
    await first.close()
    const second = lab.createGateway({ shards: 3, fleet: memoryFleet(memory) })
    const replayed: boolean[] = []
    second.on('dispatch', (_payload, _shard, _raw, info) => replayed.push(info.replayed))
    lab.discord.gateway.dispatch('LAB', {})
    await second.connect()
    expect(lab.discord.gateway.identifies).toHaveLength(3)
    expect(lab.discord.gateway.resumes).toHaveLength(3)
    expect(new Set(replayed)).toEqual(new Set([false]))
  })

  it('tells the next member of a doubt that the replay had not ended', async () => {
    await startLab()
    const memory = new FleetMemory()
    const first = lab.createGateway({ shards: 1, fleet: memoryFleet(memory) })
    const guild = recordDispatches(first).waitFor(({ t }) => t === 'GUILD_CREATE')
    await first.connect()
    await guild
    await first.close()
    for (let number = 1; number <= 5; number += 1) lab.discord.gateway.dispatch('LAB', { number })
    const { sessionStore, ...rest } = memoryFleet(memory)
    // As the store has it of a member that was killed.
    const load = async (shardId: number): Promise<GatewaySession | null> => {
      const session = await sessionStore.load(shardId)
      return session ? { ...session, handedOver: false } : null
    }
    const second = lab.createGateway({
      shards: 1,
      fleet: {
        ...rest,
        sessionStore: {
          load,
          save: (session) => sessionStore.save(session),
          remove: (shardId) => sessionStore.remove(shardId),
        },
      },
    })
    const closed = new Promise<GatewaySession | null>((resolve) => {
      second.once('dispatch', (_payload, _shard, _raw, { replayed }) => {
        expect(replayed).toBe(true)
        resolve(second.session)
        void second.close()
      })
    })
    second.connect().catch(() => undefined)
    expect(await closed).toMatchObject({ handedOver: false })
    await next(second, 'closed')
    const third = lab.createGateway({ shards: 1, fleet: memoryFleet(memory) })
    const seen: [string, boolean][] = []
    third.on('dispatch', ({ t }, _shard, _raw, { replayed }) => seen.push([t, replayed]))
    await third.connect()
    expect(seen).toEqual([...Array.from({ length: 4 }, () => ['LAB', true]), ['RESUMED', true]])
  })

  it('divides the shards among its members, and a member without shards is ready too', async () => {
    await startLab()
    const memory = new FleetMemory()
    const gateways = await Promise.all(
      [1, 2, 3].map(() => lab.connected({ shards: 2, fleet: memoryFleet(memory) })),
    )
    await expect.poll(() => gateways.map((gateway) => ready(gateway).length).sort()).toEqual([0, 1, 1])
    await expect.poll(() => gateways.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
    expect(gateways.map((gateway) => gateway.shardOf('81384788765712384'))).toEqual([0, 0, 0])
  })

  it('follows another number of shards, whose sessions are new', async () => {
    await startLab()
    const memory = new FleetMemory()
    const first = await lab.connected({ shards: 2, fleet: memoryFleet(memory) })
    const second = await lab.connected({ shards: 4, fleet: memoryFleet(memory) })
    await expect.poll(() => [...ready(first), ...ready(second)].sort()).toEqual([0, 1, 2, 3])
    expect(lab.discord.gateway.connections).toHaveLength(4)
    const counts = lab.discord.gateway.sessions.map(({ shard: [, count] }) => count)
    expect(counts).toEqual([4, 4, 4, 4])
  })

  it("takes the number of Discord for 'auto', and close({ keepSession: false }) ends the sessions", async () => {
    await startLab()
    const gateway = await lab.connected({ shards: 'auto', fleet: memoryFleet() })
    expect(gateway.shards).toHaveLength(1)
    await gateway.close({ keepSession: false })
    await expect.poll(() => lab.discord.gateway.sessions.length).toBe(0)
  })

  it('is one member: a second gateway with the same fleet is refused', async () => {
    await startLab()
    const fleet = memoryFleet()
    await lab.connected({ fleet })
    expect(await failureOf(lab.connected({ fleet }))).toMatchObject({ code: 'ERR_INVALID_OPTIONS' })
  })

  it('is given instead of a store, a throttler and a list of shards', async () => {
    await startLab()
    const { sessionStore, identifyThrottler } = memoryFleet()
    const options = { fleet: memoryFleet(), sessionStore, identifyThrottler, shards: [[0], 2] } as const
    expect(() => lab.createGateway(options)).toThrow(
      /sessionStore: cannot be given together with fleet.*identifyThrottler: cannot.*shards: must be a number/s,
    )
    expect(() => lab.createGateway({ fleet: {} as never })).toThrow(
      /fleet: must be a fleet such as redisFleet/,
    )
  })
})
