import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Events, GatewayIntentBits } from 'discord.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientOptions, joinFleet, type FleetClients } from '../../src/adapters/discord.js/index.js'
import { FleetMemory, memoryFleet } from '../../src/fleet/index.js'
import type { GatewayFleet } from '../../src/index.js'
import { GatewayLab } from '../gateway/gateway-lab.js'

let lab: GatewayLab
let members: FleetClients[]
const seen: string[] = []

beforeEach(async () => {
  lab = await GatewayLab.start()
  lab.discord.gateway.sessionStarts.maxConcurrency = 16
  members = []
  seen.length = 0
})

afterEach(async () => {
  await Promise.all(members.map((member) => member.leave()))
  await lab.close()
})

/** One process of a discord.js bot. */
async function startMember(fleet: GatewayFleet): Promise<FleetClients> {
  const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
  const member = await joinFleet(lab.transport, {
    fleet,
    token: lab.discord.token,
    shards: 4,
    create: (options) => {
      const intents = [Guilds, GuildMessages, MessageContent]
      const client = new Client(clientOptions(lab.transport, { ...options, intents }))
      client.on(Events.MessageCreate, ({ content }) => seen.push(content))
      return client
    },
  })
  members.push(member)
  return member
}

const ready = ({ clients }: FleetClients): number =>
  [...clients.values()].filter((client) => client.isReady()).length

describe('joinFleet', () => {
  it('divides the shards of a discord.js bot; one that comes to another process identifies anew', async () => {
    const memory = new FleetMemory()
    const first = await startMember(memoryFleet(memory))
    await expect.poll(() => ready(first)).toBe(4)
    const second = await startMember(memoryFleet(memory))
    await expect.poll(() => [ready(first), ready(second)], { timeout: 30_000 }).toEqual([2, 2])
    lab.discord.sayAs(lab.discord.human, 'one')
    await expect.poll(() => seen).toEqual(['one'])
    await first.leave()
    await expect.poll(() => ready(second), { timeout: 30_000 }).toBe(4)
    lab.discord.sayAs(lab.discord.human, 'two')
    await expect.poll(() => seen).toEqual(['one', 'two'])
    expect(lab.discord.gateway.resumes).toHaveLength(0)
    expect(lab.discord.gateway.sessionStarts.violations).toBe(0)
    expect(lab.discord.gateway.sessions).toHaveLength(4)
  }, 60_000)

  it('has Clients that resume a session whose connection broke, and say so', async () => {
    const member = await startMember(memoryFleet(new FleetMemory()))
    await expect.poll(() => ready(member)).toBe(4)
    const resumed: [shardId: number, events: number][] = []
    for (const client of member.clients.values())
      client.on(Events.ShardResume, (shardId, events) => resumed.push([shardId, events]))
    lab.proxy.cut()
    lab.discord.gateway.dispatch('LAB', {})
    await expect.poll(() => resumed.length).toBe(4)
    expect(resumed.sort()).toEqual([0, 1, 2, 3].map((shardId) => [shardId, 1]))
    expect(ready(member)).toBe(4)
  })

  it('dispatches nothing on a shard whose lease has run out, until it is renewed', async () => {
    const { sessionStore, identifyThrottler, shardLeases } = memoryFleet(new FleetMemory())
    let isSuspended = false
    const member = await startMember({
      sessionStore,
      identifyThrottler,
      shardLeases: {
        join: (self) => shardLeases.join(self),
        leave: (options) => shardLeases.leave(options),
        holds: (shardId) => !isSuspended && shardLeases.holds(shardId),
      },
    })
    await expect.poll(() => ready(member)).toBe(4)
    const carrying = lab.discord.gateway.connections.length
    isSuspended = true
    lab.discord.sayAs(lab.discord.human, 'meanwhile')
    await expect.poll(() => lab.discord.gateway.connections.length).toBeLessThan(carrying)
    expect(seen).toEqual([])
    isSuspended = false
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['meanwhile'])
  })

  it('gives a shard back only when its Client has been destroyed', async () => {
    const member = await startMember(memoryFleet(new FleetMemory()))
    await expect.poll(() => ready(member)).toBe(4)
    const [client] = member.clients.values()
    const destroy = client!.destroy.bind(client)
    let finish = (): void => undefined
    const held = new Promise<void>((resolve) => (finish = resolve))
    client!.destroy = () => held.then(destroy)
    let hasLeft = false
    const leaving = member.leave().then(() => (hasLeft = true))
    await expect.poll(() => lab.discord.gateway.connections.length).toBe(1)
    await sleep(50)
    expect(hasLeft).toBe(false)
    finish()
    await leaving
    expect(hasLeft).toBe(true)
  })
})
