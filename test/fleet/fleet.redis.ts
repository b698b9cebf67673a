import { afterEach, describe, expect, it } from 'vitest'
import { FleetLab } from './fleet-lab.js'

let lab: FleetLab

afterEach(() => lab.close())

describe('a fleet on a real Redis', () => {
  it('divides its shards among its members, and hands over each event exactly once', async () => {
    lab = await FleetLab.start()
    const first = lab.member()
    await first.gateway.connect()
    expect(first.fleet.status.shards).toEqual([0, 1, 2, 3])
    const dispatching = setInterval(() => lab.dispatch(), 5)
    const second = lab.member()
    await second.gateway.connect()
    await expect.poll(() => second.fleet.status.shards.length).toBe(2)
    await expect.poll(() => lab.live).toEqual([0, 1, 2, 3])
    await first.gateway.close()
    await expect.poll(() => second.gateway.shards.filter(({ state }) => state === 'ready').length).toBe(4)
    clearInterval(dispatching)
    const last = lab.dispatch()
    await expect.poll(() => lab.seen.filter(({ number }) => number === last).length).toBe(4)
    expect(lab.discord.gateway.identifies).toHaveLength(4)
    expect(lab.seen.filter(({ replayed }) => replayed)).toEqual([])
    const keys = lab.seen.map(({ session, sequence }) => `${session} ${sequence}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys).toHaveLength(4 * last)
  })
  it('goes on while Redis is away for less than a lease, and resumes after a longer time', async () => {
    lab = await FleetLab.start()
    const { fleet, gateway } = lab.member()
    await gateway.connect()
    const ended: string[] = []
    gateway.on('disconnected', ({ reason }) => ended.push(reason))
    const dispatching = setInterval(() => lab.dispatch(), 20)
    lab.redis.stop()
    await expect.poll(() => fleet.status.state).toBe('away')
    const whileAway = lab.dispatch()
    await expect.poll(() => lab.seen.filter(({ number }) => number === whileAway).length).toBe(4)
    lab.redis.continue()
    await expect.poll(() => fleet.status.state).toBe('member')
    expect(ended).toEqual([])

    lab.redis.stop()
    await expect.poll(() => fleet.status.state).toBe('suspended')
    await expect.poll(() => lab.live).toEqual([])
    await expect
      .poll(() => ended)
      .toEqual(Array.from({ length: 4 }, () => 'the lease of the shard has ended'))
    lab.redis.continue()
    await expect.poll(() => lab.live).toEqual([0, 1, 2, 3])
    clearInterval(dispatching)
    const last = lab.dispatch()
    await expect.poll(() => lab.seen.filter(({ number }) => number === last).length).toBe(4)
    expect(lab.discord.gateway.identifies).toHaveLength(4)
    const keys = lab.seen.map(({ session, sequence }) => `${session} ${sequence}`)
    expect(keys).toHaveLength(4 * last)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
