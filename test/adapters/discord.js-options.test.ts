import { once } from 'node:events'
import {
  ActivityType,
  Client,
  Events,
  GatewayIntentBits,
  GatewayOpcodes,
  Status,
  type ClientOptions,
} from 'discord.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { clientOptions, type GatewaySettings } from '../../src/adapters/discord.js/index.js'
import { expectWarning } from '../lab/warnings.js'
import { startLab, type Lab } from '../support/lab.js'

const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent]

function createClient({ transport }: Lab, options: Partial<ClientOptions> & GatewaySettings = {}): Client {
  const client = new Client(clientOptions(transport, { intents, ...options }))
  onTestFinished(() => client.destroy())
  return client
}

async function logIn(client: Client, { discord }: Lab): Promise<void> {
  const ready = once(client, Events.ClientReady)
  await client.login(discord.token)
  await ready
}

const lookups = ({ discord }: Lab): number =>
  discord.rest.requests.filter(({ path }) => path.endsWith('/gateway/bot')).length

describe('the options for discord.js', () => {
  it('keep what the bot gave', async () => {
    const { transport } = await startLab()
    const makeCache = (): never => {
      throw new Error('not called')
    }
    const options = clientOptions(transport, {
      intents,
      makeCache,
      rest: { timeout: 1_234 },
      ws: { large_threshold: 99 },
      enforceNonce: false,
    })
    expect(options).toMatchObject({
      intents,
      makeCache,
      rest: { timeout: 1_234 },
      ws: { large_threshold: 99 },
      enforceNonce: false,
    })
  })

  it('enforce the nonce of messages where the bot does not say otherwise', async () => {
    const lab = await startLab()
    const client = createClient(lab)
    await logIn(client, lab)
    const channel = await client.channels.fetch(lab.discord.channelId)
    if (channel?.isSendable() !== true) throw new Error('the channel takes no messages')
    await channel.send('hello')
    const { json } = await lab.discord.rest.waitForRequest('POST /channels/:id/messages')
    expect(json).toMatchObject({ enforce_nonce: true })
  })

  it("keep the bot's own makeRequest, and warn that it may go around the proxy", async () => {
    const { transport } = await startLab()
    const makeRequest = (): never => {
      throw new Error('not called')
    }
    const warning = expectWarning(/rest\.makeRequest is kept/)
    expect(clientOptions(transport, { intents, rest: { makeRequest } }).rest?.makeRequest).toBe(makeRequest)
    await warning
  })

  it.each([
    ['gatewayReadyTimeoutMs', NaN],
    ['gatewayReadyTimeoutMs', -5],
    ['gatewayReadyTimeoutMs', 999_999],
    ['gatewayInfoTimeoutMs', 0],
    ['gatewayRuntimeReadyTimeoutMs', 0],
  ] as const)('name %s when the bot logs in where it is %s', async (name, limit) => {
    const lab = await startLab()
    const client = createClient(lab, { [name]: limit })
    await expect(client.login(lab.discord.token)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      message: expect.stringContaining(name) as string,
    })
  })

  it('take gatewayInfo instead of asking Discord', async () => {
    const lab = await startLab()
    const client = createClient(lab, {
      gatewayInfo: {
        url: 'wss://gateway.discord.gg',
        shards: 1,
        session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
      },
    })
    await logIn(client, lab)
    expect(lookups(lab)).toBe(0)
  })
})

describe('a Client of discord.js on the gateway client', () => {
  it('has the status Ready and a ping once a heartbeat was answered', async () => {
    const lab = await startLab({ discord: { heartbeatIntervalMs: 200 } })
    const client = createClient(lab)
    await logIn(client, lab)
    expect(client.ws.status).toBe(Status.Ready)
    await expect.poll(() => client.ws.ping).toBeGreaterThanOrEqual(0)
    expect(client.ws.shards.get(0)?.lastPingTimestamp).toBeGreaterThan(0)
  })

  it('logs in again after destroy(), and hears messages', async () => {
    const lab = await startLab()
    const { discord } = lab
    const client = createClient(lab)
    await logIn(client, lab)
    const closed = discord.gateway.waitForClose()
    await client.destroy()
    await closed
    const heard = once(client, Events.MessageCreate)
    await client.login(discord.token)
    await discord.gateway.waitForIdentify({ nth: 2 })
    discord.sayAs(discord.human, 'after the second login')
    expect(await heard).toMatchObject([{ content: 'after the second login' }])
  })

  it('rejects login() as discord.js does when Discord refuses the intents (4014)', async () => {
    const lab = await startLab()
    lab.discord.gateway.rules.disallowedIntents = GatewayIntentBits.MessageContent
    const client = createClient(lab)
    await expect(client.login(lab.discord.token)).rejects.toMatchObject({
      message: 'Used disallowed intents',
      cause: { code: 'ERR_GATEWAY_INTENTS', closeCode: 4014 },
    })
  })

  it('begins with the presence of its options', async () => {
    const lab = await startLab()
    const activities = [{ name: 'chess', type: ActivityType.Playing }] as const
    const client = createClient(lab, { presence: { status: 'idle', activities } })
    await logIn(client, lab)
    expect(lab.discord.gateway.identifies[0]?.data).toMatchObject({
      presence: { status: 'idle', activities },
    })
  })

  it('sets the presence of one shard on that shard alone', async () => {
    const lab = await startLab()
    const { gateway, guildId } = lab.discord
    gateway.sessionStarts.maxConcurrency = 2
    const client = createClient(lab, { shards: [0, 1], shardCount: 2 })
    await logIn(client, lab)
    client.user?.setPresence({ status: 'idle', shardId: 1 })
    // On each shard they come in the order in which they were sent.
    const d = { guild_id: guildId, query: '', limit: 0 }
    client.ws.shards.each((shard) => shard.send({ op: GatewayOpcodes.RequestGuildMembers, d }))
    await gateway.waitForPayload(GatewayOpcodes.RequestGuildMembers, { nth: 2 })
    const presenceOpcode: number = GatewayOpcodes.PresenceUpdate
    const presences = gateway.payloads.filter(({ op }) => op === presenceOpcode)
    expect(presences.map(({ connection }) => connection.session?.shard)).toEqual([[1, 2]])
  })

  it("asks the bot's own buildIdentifyThrottler before each identify", async () => {
    const lab = await startLab()
    const asked: number[] = []
    const client = createClient(lab, {
      shards: [0, 1],
      shardCount: 2,
      ws: {
        buildIdentifyThrottler: () =>
          Promise.resolve({
            waitForIdentify: (shardId: number) => {
              asked.push(shardId)
              return Promise.resolve()
            },
          }),
      },
    })
    await logIn(client, lab)
    expect(asked).toEqual([0, 1])
    expect(lab.discord.gateway.identifies.map(({ session }) => session.shard)).toEqual([
      [0, 2],
      [1, 2],
    ])
  })
})
