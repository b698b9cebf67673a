import { setTimeout as sleep } from 'node:timers/promises'
import { Redis as IoRedis6, Cluster as IoCluster6 } from 'ioredis'
import { Redis as IoRedis5, Cluster as IoCluster5 } from 'ioredis-5'
import { createClient as createClient6, createCluster as createCluster6 } from 'redis'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis-5'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisFleet, type RedisClient } from '../../src/fleet/index.js'
import { createMember } from './idle-member.js'
import { RedisServer } from './redis-server.js'

let server: RedisServer
let cluster: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
  cluster = await RedisServer.start(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
  expect(await cluster.command('CLUSTER ADDSLOTSRANGE 0 16383')).toBe('+OK')
  while ((await cluster.command('SET a b')) !== '+OK') await sleep(20)
})

afterAll(async () => {
  await server.close()
  await cluster.close()
})

interface Made {
  readonly client: RedisClient
  /** As a user connects it before. */
  readonly connect: () => Promise<unknown>
  readonly end: () => unknown
}

function ofNode(client: Extract<RedisClient, { isOpen: boolean }>): Made {
  return {
    client,
    connect: () => client.connect(),
    end: () => (client.isOpen ? client.close() : undefined),
  }
}

function ofIo(client: IoRedis5 | IoRedis6 | IoCluster5 | IoCluster6): Made {
  return { client, connect: () => client.connect(), end: () => client.disconnect() }
}

const port = (): number => server.port
const nodes = () => [{ host: '127.0.0.1', port: cluster.port }]
const CLIENTS: Readonly<Record<string, () => Made>> = {
  'redis 6': () => ofNode(createClient6({ url: server.url })),
  'redis 5': () => ofNode(createClient5({ url: server.url })),
  'redis 6, cluster': () => ofNode(createCluster6({ rootNodes: [{ url: cluster.url }] })),
  'redis 5, cluster': () => ofNode(createCluster5({ rootNodes: [{ url: cluster.url }] })),
  'ioredis 6': () => ofIo(new IoRedis6(port(), { lazyConnect: true })),
  'ioredis 5': () => ofIo(new IoRedis5(port(), { lazyConnect: true })),
  'ioredis 6, cluster': () => ofIo(new IoCluster6(nodes(), { lazyConnect: true })),
  'ioredis 5, cluster': () => ofIo(new IoCluster5(nodes(), { lazyConnect: true })),
}

describe('redisFleet takes the client of the user', () => {
  const cases = Object.entries(CLIENTS).flatMap(([name, make]) =>
    [true, false].map((isConnected) => [name, isConnected ? 'connected' : 'not connected', make] as const),
  )

  it.concurrent.for(cases)('%s, %s', async ([name, how, make], { expect }) => {
    const { client, connect, end } = make()
    const isConnected = how === 'connected'
    try {
      if (isConnected) await connect()
      const fleetName = `${name} ${how}`.replaceAll(/\W+/g, '-')
      const fleet = redisFleet(client, { name: fleetName })
      const member = createMember(3)
      await fleet.shardLeases.join(member)
      expect(member.opened).toEqual([0, 1, 2])
      fleet.sessionStore.save({
        id: 'a',
        sequence: 1,
        resumeUrl: 'wss://gateway.discord.gg/',
        shardId: 1,
        shardCount: 3,
      })
      expect(client.listenerCount('error')).toBe(1)
      await fleet.shardLeases.leave({ keepSession: true })
      expect(client.listenerCount('error')).toBe(0)
      await expect
        .poll(() => ('isOpen' in client ? client.isOpen : client.status === 'ready'))
        .toBe(isConnected)
      const next = make()
      const successor = redisFleet(next.client, { name: fleetName })
      await successor.shardLeases.join(createMember(3))
      expect(await successor.sessionStore.load(2)).toMatchObject({
        id: 'session-2',
        sequence: 7,
        handedOver: true,
      })
      await successor.shardLeases.leave({ keepSession: true })
      await next.end()
    } finally {
      await end()
    }
  })

  it('an error listener of the user stays the only one', async () => {
    const client = createClient6({ url: server.url })
    const listener = (): void => undefined
    client.on('error', listener)
    const fleet = redisFleet(client, { name: 'listener' })
    await fleet.shardLeases.join(createMember(3))
    expect(client.listeners('error')).toEqual([listener])
    await fleet.shardLeases.leave({ keepSession: true })
    expect(client.listeners('error')).toEqual([listener])
  })
})
