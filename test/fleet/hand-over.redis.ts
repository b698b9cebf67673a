import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { expect, it } from 'vitest'
import { Membership } from '../../src/fleet/membership.js'
import { redisFleet } from '../../src/fleet/index.js'
import { keysOf, RedisStore } from '../../src/fleet/redis/redis-store.js'
import { FLEET_TIMING } from '../../src/fleet/timing.js'
import { createMember } from './idle-member.js'
import { RedisServer } from './redis-server.js'

it('a session that is being handed over survives a Redis that loses its memory', async () => {
  const redis = await RedisServer.start()
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: 100 } })
  client.on('error', () => undefined)
  await client.connect()
  const fleet = redisFleet(client, { name: 'hand-over' })
  try {
    const member = createMember(4)
    await fleet.shardLeases.join(member)
    expect(fleet.status.shards).toEqual([0, 1, 2, 3])
    // One that joins, for which two shards are given back, and that dies before it takes them.
    const store = new RedisStore(client, keysOf('discord-transport', 'hand-over'), FLEET_TIMING)
    const newcomer = Membership.begin(4)
    while (fleet.status.shards.length > 2 || fleet.status.free !== 2) {
      const reply = await store.renew(newcomer.renewal([]))
      if (reply.kind === 'ok') newcomer.renewed(reply)
      await sleep(100)
    }
    expect(fleet.status.shards).toEqual([0, 1])
    const { epoch } = fleet.status
    await redis.empty()
    await expect.poll(() => fleet.status.shards.length).toBe(4)
    expect(fleet.status.epoch).not.toBe(epoch)
    expect(await fleet.sessionStore.load(3)).toMatchObject({
      ...{ id: 'session-3', sequence: 7, handedOver: false },
    })
  } finally {
    await fleet.shardLeases.leave({ keepSession: true })
    await client.close()
    await redis.close()
  }
})
