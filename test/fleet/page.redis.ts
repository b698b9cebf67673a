/** What docs/fleet.md tells its reader to set up, tried with a real server. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { redisFleet, type RedisClient } from '../../src/fleet/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { startDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy } from '../lab/proxy/index.js'
import { Program } from '../support/processes/program.js'
import { FleetLab } from './fleet-lab.js'
import { firstBlock, fleetPage } from './page.js'
import { RedisServer } from './redis-server.js'

describe('the rights that the page gives to the user of the fleet', () => {
  let lab: FleetLab

  afterEach(() => lab.close())

  /** As the page has them: a pattern of keys, and commands. */
  async function rights(): Promise<string> {
    const [, pattern, commands] = /give the user of the fleet `(~\S+)` and `([^`]+)`/.exec(await fleetPage())!
    return `${pattern} ${commands}`
  }

  it('are enough for the whole life of two members, and let nothing else be written', async () => {
    lab = await FleetLab.start()
    expect(await lab.redis.command(`ACL SETUSER fleet on >secret ${await rights()}`)).toBe('+OK')
    const url = `redis://fleet:secret@127.0.0.1:${lab.redis.port}`
    const node = createClient({ url })
    const io = new Redis(url, { lazyConnect: true })
    const member = (client: RedisClient) => lab.member({}, redisFleet(client, { name: 'rights' }))
    const first = member(node)
    await first.gateway.connect()
    const second = member(io)
    await second.gateway.connect()
    await expect.poll(() => second.fleet.status.shards.length).toBe(2)
    await first.gateway.close()
    await expect.poll(() => second.fleet.status.shards.length).toBe(4)
    await expect.poll(() => lab.live).toEqual([0, 1, 2, 3])
    await expect(io.del('other')).rejects.toThrow('NOPERM')
    await expect(io.hgetall('other')).rejects.toThrow('NOPERM')
    await expect(io.flushall()).rejects.toThrow('NOPERM')
    await second.gateway.close()
    expect(lab.discord.gateway.identifies).toHaveLength(4)
  })

  it('are all needed: without one of them connect() says that Redis refused', async () => {
    lab = await FleetLab.start()
    const fewer = (await rights()).replace(' +@sortedset', '')
    await lab.redis.command(`ACL SETUSER fleet on >secret ${fewer}`)
    const client = createClient({ url: `redis://fleet:secret@127.0.0.1:${lab.redis.port}` })
    const { gateway } = lab.member({}, redisFleet(client, { name: 'rights' }))
    expect(await failureOf(gateway.connect())).toMatchObject({ code: 'ERR_GATEWAY_STORE' })
  })
})

describe('the compose file of the page', () => {
  const composition = z.object({
    services: z.object({
      redis: z.object({ command: z.string() }),
      bot: z.object({
        command: z.literal('node bot.js'),
        environment: z.record(z.string(), z.string()),
        deploy: z.object({ replicas: z.number() }),
      }),
    }),
  })

  it(
    'makes three members, which hand their shards over when one is stopped',
    { timeout: 120_000 },
    async () => {
      const page = await fleetPage()
      const { redis: database, bot } = composition.parse(parse(firstBlock(page, 'yaml'))).services
      const [command, ...options] = database.command.split(' ')
      expect(command).toBe('redis-server')
      const redis = await RedisServer.start(options)
      const names = new LabNames()
      await using discord = await startDiscord({ names })
      discord.gateway.sessionStarts.maxConcurrency = 16
      discord.gateway.rules.requiredShards = 3
      await using proxy = await startProxy({ scheme: 'http', names })
      const variables = { DISCORD_BOT_TOKEN: discord.token }
      const env = Object.fromEntries(
        Object.entries(bot.environment).map(([name, value]) => [
          name,
          value
            .replace('redis:6379', `127.0.0.1:${redis.port}`)
            .replace(/\$\{(\w+)\}/, (_, variable: keyof typeof variables) => variables[variable]),
        ]),
      )
      const settings = { code: firstBlock(page, 'ts'), proxy: proxy.url, discord, env }
      const members = await Promise.all(
        Array.from({ length: bot.deploy.replicas }, () => Program.start(settings)),
      )
      const live = (): number[] =>
        discord.gateway.sessions
          .filter(({ connection }) => connection?.open === true)
          .map(({ shard: [id] }) => id)
          .sort((a, b) => a - b)
      try {
        await expect.poll(live, { timeout: 40_000 }).toEqual([0, 1, 2])
        // One each: all of them are members.
        await expect.poll(() => ownersOf(redis), { timeout: 20_000 }).toEqual([1, 1, 1])
        const [stopped, ...others] = members
        stopped?.signal('SIGTERM')
        expect(await stopped?.ended()).toBe(0)
        await expect.poll(() => ownersOf(redis), { timeout: 20_000 }).toEqual([1, 2])
        await expect.poll(live, { timeout: 20_000 }).toEqual([0, 1, 2])
        expect(discord.gateway.identifies).toHaveLength(3)
        for (const member of others) member.signal('SIGTERM')
        for (const member of others) expect(await member.ended()).toBe(0)
      } finally {
        await Promise.all(members.map((member) => member.kill()))
        await redis.close()
      }
    },
  )
})

/** How many shards each member has, the fewest first. */
async function ownersOf({ port }: RedisServer): Promise<readonly number[]> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (data) => (text += String(data)))
  socket.write('HVALS discord-transport:{my-bot}:owners\r\nQUIT\r\n')
  await once(socket, 'close')
  const members = [...text.matchAll(/^([\w-]{13}) \d+ \d+\r$/gm)].map(([, member]) => member)
  const loads = [...new Set(members)].map((member) => members.filter((other) => other === member).length)
  return loads.sort()
}
