import { expect, it } from 'vitest'
import { Program } from '../support/processes/program.js'
import { startLab } from '../support/lab.js'

/** The manager and its shards in one file, as a process or a worker starts it. */
const program = (mode: 'process' | 'worker'): string => `
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { Client, Events, GatewayIntentBits, ShardingManager } from 'discord.js'
import { createDiscordTransport } from 'discord-transport'
import { clientOptions } from 'discord-transport/discord.js'

const token = process.env.DISCORD_BOT_TOKEN
if (isMainThread && process.env.SHARDING_MANAGER === undefined) {
  const file = fileURLToPath(import.meta.url)
  await new ShardingManager(file, { mode: '${mode}', totalShards: 2, token }).spawn()
} else {
  process.on('disconnect', () => process.exit())
  const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
  const transport = createDiscordTransport()
  const client = new Client(clientOptions(transport, { intents: [Guilds, GuildMessages, MessageContent] }))
  client.on(Events.MessageCreate, ({ content, channel }) => {
    if (content === '!ping') channel.send('pong').catch(console.error)
  })
  await client.login(token)
}`

it.each(['process', 'worker'] as const)(
  'a ShardingManager starts each shard as a %s, and each takes the proxy',
  { timeout: 60_000 },
  async (mode) => {
    const { discord, proxy } = await startLab()
    const running = await Program.start({ code: program(mode), proxy: proxy.url, discord })
    try {
      // The manager starts its shards 5.5 seconds apart.
      await running.during(discord.gateway.waitForIdentify({ nth: 2, timeoutMs: 40_000 }))
      expect(discord.gateway.identifies.map(({ session }) => session.shard)).toEqual([
        [0, 2],
        [1, 2],
      ])
      discord.sayAs(discord.human, '!ping')
      await running.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
      const targets = proxy.connections.map(({ target }) => target?.host)
      expect(targets.filter((host) => host === 'gateway.discord.gg')).toHaveLength(2)
      expect(targets).toContain('discord.com')
      expect(running.output).toBe('')
    } finally {
      await running.kill()
    }
  },
)
