import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../cases/rest-requests.js'
import { createDiscordTransport } from '../cases/subject.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy } from '../lab/proxy/index.js'

const MAX_TUNNELS = 8
/** Far less than a second deadline, and enough for a busy machine. */
const MARGIN_MS = 900
const AUTH = { username: 'bot', password: 'secret' }

describe('a burst of sends', () => {
  let names: LabNames
  let discord: FakeDiscord

  beforeEach(async () => {
    names = new LabNames()
    discord = await startDiscord({ names })
  })
  afterEach(() => discord.close())

  it.each([2, MAX_TUNNELS, 50])('of %i fails at once where the proxy refuses every tunnel', async (count) => {
    await using proxy = await startProxy({ scheme: 'http', names, auth: AUTH })
    await using transport = createDiscordTransport({
      proxy: proxy.urlWithoutCredentials,
      env: {},
      tls: { ca: discord.ca },
      maxTunnels: MAX_TUNNELS,
    })
    const sends = Array.from({ length: count }, () => send(transport, discord, { content: 'refused' }))
    const results = await Promise.allSettled(sends)
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'ERR_PROXY_AUTH' } })
    expect(proxy.connections.length).toBeLessThanOrEqual(MAX_TUNNELS)
  })

  it('succeeds where the proxy allows two connections, and does not hammer it', async () => {
    await using proxy = await startProxy({ scheme: 'http', names, maxConnections: 2 })
    await using transport = createDiscordTransport({
      proxy: proxy.url,
      env: {},
      tls: { ca: discord.ca },
      maxTunnels: MAX_TUNNELS,
    })
    await Promise.all(Array.from({ length: 50 }, () => send(transport, discord, { content: 'patient' })))
    expect(discord.messages.in(discord.channelId)).toHaveLength(50)
    expect(proxy.dropped).toBeLessThanOrEqual(2 * MAX_TUNNELS)
  })

  it('fails before the deadline of the next attempt where one after the other joins a silent proxy', async () => {
    const connectTimeoutMs = 1_200
    await using proxy = await startProxy({
      scheme: 'http',
      names,
      fault: { kind: 'request', verb: 'silence' },
    })
    await using transport = createDiscordTransport({
      proxy: proxy.url,
      env: {},
      connectTimeoutMs,
      delivery: false,
    })
    const took: number[] = []
    const ask = async (): Promise<void> => {
      const startedAt = performance.now()
      await expect(transport.fetch('https://discord.com/')).rejects.toMatchObject({
        code: 'ERR_PROXY_TIMEOUT',
      })
      took.push(performance.now() - startedAt)
    }
    const asked: Promise<void>[] = []
    for (let turn = 0; turn < 8; turn++) {
      asked.push(ask())
      await new Promise((resolve) => setTimeout(resolve, connectTimeoutMs / 4))
    }
    await Promise.all(asked)
    expect(Math.max(...took)).toBeLessThan(connectTimeoutMs + MARGIN_MS)
  })
})
