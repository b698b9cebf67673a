import * as zlib from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { createDiscordTransport } from '../cases/subject.js'
import { startDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy } from '../lab/proxy/index.js'

/** Node 22.15 and later. */
const BEST = Reflect.has(zlib, 'createZstdDecompress') ? 'zstd-stream' : 'zlib-stream'

it.each([
  [16, BEST],
  // The one that needs the least memory for an idle shard.
  [17, 'zlib-stream'],
])('a gateway of %i shards takes %s by itself', async (shards, compression) => {
  const names = new LabNames()
  const discord = await startDiscord({ names })
  onTestFinished(() => discord.close())
  await using proxy = await startProxy({ scheme: 'http', names })
  await using transport = createDiscordTransport({ proxy: proxy.url, env: {}, tls: { ca: discord.ca } })
  const gateway = transport.createGateway({ token: discord.token, intents: 1, shards })
  const connecting = gateway.connect().catch(() => undefined)
  expect(await discord.gateway.waitForConnection()).toMatchObject({ compression })
  await gateway.close()
  await connecting
})
