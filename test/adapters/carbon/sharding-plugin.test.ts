import { Client } from '@buape/carbon'
import { GatewayIntents } from '@buape/carbon/gateway'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ProxyShardingPlugin } from '../../../src/adapters/carbon/index.js'
import { FleetMemory, memoryFleet } from '../../../src/fleet/index.js'
import { GatewayLab } from '../../gateway/gateway-lab.js'

let lab: GatewayLab
let sharding: ProxyShardingPlugin[]
const seen: string[] = []

beforeEach(async () => {
  lab = await GatewayLab.start()
  lab.discord.gateway.sessionStarts.maxConcurrency = 16
  sharding = []
  seen.length = 0
})

afterEach(async () => {
  await Promise.all(sharding.map((plugin) => plugin.left()))
  await lab.close()
})

/** One process of a Carbon bot. */
function startMember(memory: FleetMemory, totalShards?: number): ProxyShardingPlugin {
  const plugin = new ProxyShardingPlugin({
    transport: lab.transport,
    fleet: memoryFleet(memory),
    intents: GatewayIntents.Guilds | GatewayIntents.GuildMessages | GatewayIntents.MessageContent,
    ...(totalShards === undefined ? {} : { totalShards }),
  })
  sharding.push(plugin)
  const client = new Client(
    {
      token: lab.discord.token,
      clientId: lab.discord.user.id,
      publicKey: 'only for interactions by webhook',
      baseUrl: 'http://localhost',
      disableDeployRoute: true,
      requestOptions: lab.transport.requestOptions,
    },
    {},
    [],
  )
  // What the plugin gives to the listeners.
  client.eventHandler.handleEvent = (data: unknown) => {
    if (typeof data === 'object' && data !== null && 'content' in data) seen.push(String(data.content))
    return true
  }
  void plugin.registerClient(client)
  return plugin
}

const shardsOf = (plugin: ProxyShardingPlugin): number[] => [...plugin.shards.keys()].sort()
const connectedOf = (plugin: ProxyShardingPlugin): number[] =>
  shardsOf(plugin).filter((shardId) => plugin.shards.get(shardId)?.isConnected)

describe('ProxyShardingPlugin', () => {
  it('divides the shards of a Carbon bot, and resumes those of a member that leaves, each event once', async () => {
    const memory = new FleetMemory()
    const first = startMember(memory, 4)
    // What is given up before its READY has no session to resume.
    await expect.poll(() => connectedOf(first)).toEqual([0, 1, 2, 3])
    const second = startMember(memory)
    await expect.poll(() => [shardsOf(first).length, shardsOf(second).length]).toEqual([2, 2])
    await expect.poll(() => lab.discord.gateway.resumes.length).toBe(2)
    lab.discord.sayAs(lab.discord.human, 'one')
    await expect.poll(() => seen).toEqual(['one'])
    await first.left()
    lab.discord.sayAs(lab.discord.human, 'two')
    await expect.poll(() => shardsOf(second)).toEqual([0, 1, 2, 3])
    await expect.poll(() => seen).toEqual(['one', 'two'])
    expect(lab.discord.gateway.identifies).toHaveLength(4)
    expect(second.getShardForGuild(lab.discord.guildId)).toBeDefined()
  })

  it('has as many shards as Discord recommends, and asks through the transport', async () => {
    const plugin = startMember(new FleetMemory())
    await expect.poll(() => shardsOf(plugin)).toEqual([0])
    await expect.poll(() => lab.discord.gateway.identifies.length).toBe(1)
  })
})
