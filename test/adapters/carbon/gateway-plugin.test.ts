import { Command, type Client, type CommandInteraction } from '@buape/carbon'
import { GatewayIntents, GatewayPlugin } from '@buape/carbon/gateway'
import { ShardingPlugin } from '@buape/carbon/sharding'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ProxyGatewayPlugin,
  ProxyRequestClient,
  type ProxyGatewayPluginOptions,
  type ProxyRequestClientOptions,
} from '../../../src/adapters/carbon/index.js'
import { createDiscordTransport, type DiscordTransport, type TransportOptions } from '../../../src/index.js'
import { startDiscord, type FakeDiscord } from '../../lab/discord/index.js'
import { LabNames } from '../../lab/names.js'
import { startProxy, type LabProxy } from '../../lab/proxy/index.js'
import { expectWarning } from '../../lab/warnings.js'
import { createCarbonClient } from './carbon-client.js'

type GatewayInfo = ConstructorParameters<typeof GatewayPlugin>[1]

/** Shows what Carbon keeps to its subclasses. */
class TestedPlugin extends ProxyGatewayPlugin {
  get events(): GatewayPlugin['emitter'] {
    return this.emitter
  }

  get gateway(): GatewayInfo {
    return this.gatewayInfo
  }

  get latency(): number {
    return this.monitor.getMetrics().latency
  }

  /** Carbon leaves this interval running after a disconnect. */
  stopMonitor(): void {
    this.monitor.destroy()
  }
}

const auth = { username: 'us', password: 'p@ss/w%rd' }

let discord: FakeDiscord
let proxy: LabProxy
let transport: DiscordTransport
const plugins: TestedPlugin[] = []

beforeEach(async () => {
  const names = new LabNames()
  discord = await startDiscord({ names })
  proxy = await startProxy({ scheme: 'http', names, auth })
  transport = createTransport()
})

afterEach(async () => {
  for (const plugin of plugins.splice(0)) {
    plugin.disconnect()
    plugin.stopMonitor()
  }
  await transport.close()
  await proxy.close()
  await discord.close()
})

function createTransport(options: TransportOptions = {}): DiscordTransport {
  return createDiscordTransport({
    proxy: proxy.url,
    tls: { ca: discord.ca },
    env: {},
    connectTimeoutMs: 3_000,
    ...options,
  })
}

function createPlugin(options: Partial<ProxyGatewayPluginOptions> = {}, info?: GatewayInfo): TestedPlugin {
  const reconnect = { maxAttempts: 20, baseDelay: 20, maxDelay: 50 }
  const plugin = new TestedPlugin({ transport, intents: GatewayIntents.Guilds, reconnect, ...options }, info)
  plugins.push(plugin)
  return plugin
}

/** Without plugins: the tests register them, to see what registerClient says. */
function createClient(token = discord.token, commands: Command[] = []): Client {
  return createCarbonClient({ discord: { token, user: discord.user }, transport }, { commands })
}

const gatewayInfo = {
  url: 'wss://gateway.discord.gg',
  shards: 1,
  session_start_limit: { total: 1, remaining: 1, reset_after: 0, max_concurrency: 1 },
}

const lookup = 'GET /gateway/bot'

describe('The lookup of the gateway', () => {
  it('goes through the proxy, and its answer decides where to connect', async () => {
    discord.rest.respondOnce(lookup, { json: { ...gatewayInfo, url: `wss://${discord.resumeHost}` } })
    await createPlugin().registerClient(createClient())
    const { connection } = await discord.gateway.waitForIdentify()
    expect(connection.upgrade.host).toBe(discord.resumeHost)
    const targets = proxy.connections.map(({ target }) => target?.host)
    expect(targets).toEqual(['discord.com', discord.resumeHost])
  })

  it('does not happen when the constructor was given the answer', async () => {
    await createPlugin({}, gatewayInfo).registerClient(createClient())
    await discord.gateway.waitForIdentify()
    expect(discord.rest.requests).toEqual([])
  })

  it.each([
    ['a 500', { status: 500, json: { message: 'Internal Server Error' } }],
    ['a 429', { status: 429, json: { message: 'You are being rate limited.', retry_after: 60 } }],
    ['a 200 without JSON', { body: '<html>' }],
    ['a 200 without a URL', { json: {} }],
    ['a connection that breaks', { cut: 'before-headers', reset: true }],
    ['silence for longer than gatewayInfoTimeoutMs', { stall: true }],
  ] as const)('gives way to the default URL after %s', async (_, answer) => {
    discord.rest.respondOnce(lookup, answer, { times: Infinity })
    await createPlugin({ gatewayInfoTimeoutMs: 200 }).registerClient(createClient())
    const { connection } = await discord.gateway.waitForIdentify()
    expect(connection.upgrade.host).toBe('gateway.discord.gg')
  })

  it('gives way to the option url where there is one', async () => {
    discord.rest.respondOnce(lookup, { status: 503 }, { times: Infinity })
    await createPlugin({ url: `wss://${discord.resumeHost}`, gatewayInfoTimeoutMs: 200 }).registerClient(
      createClient(),
    )
    const { connection } = await discord.gateway.waitForIdentify()
    expect(connection.upgrade.host).toBe(discord.resumeHost)
  })

  it('names a token that Discord refuses, and connects nowhere', async () => {
    const registered = createPlugin().registerClient(createClient('not.a.token'))
    await expect(registered).rejects.toMatchObject({
      code: 'ERR_GATEWAY_AUTHENTICATION',
      message: 'Discord answered GET /gateway/bot with 401: the token is not valid',
    })
    await expect(registered).rejects.not.toThrow(/not\.a\.token/)
    expect(discord.gateway.upgrades).toEqual([])
  })

  it.each([
    [407, 'ERR_PROXY_AUTH'],
    [403, 'ERR_PROXY_DENIED'],
  ] as const)('names the proxy that answers %d, and connects nowhere', async (status, code) => {
    proxy.fault = { kind: 'status', status }
    await expect(createPlugin().registerClient(createClient())).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`127.0.0.1:${proxy.port}`) as string,
      target: 'discord.com:443',
    })
    expect(proxy.connections).toHaveLength(1)
  })

  it('opens no socket when disconnect() came before its answer', async () => {
    discord.rest.respondOnce(lookup, { apply: true, delayMs: 100 })
    const plugin = createPlugin()
    const registered = plugin.registerClient(createClient())
    await proxy.waitForConnection(({ established }) => established)
    plugin.disconnect()
    await registered
    expect(proxy.connections).toHaveLength(1)
  })
})

describe("Carbon's own options", () => {
  it('keeps intents and shard', async () => {
    const intents = GatewayIntents.Guilds | GatewayIntents.GuildMessages
    discord.gateway.rules.requiredShards = 2
    const client = createClient()
    await createPlugin({ intents, shard: [1, 2] }).registerClient(client)
    const { session } = await discord.gateway.waitForIdentify()
    expect(session).toMatchObject({ intents, shard: [1, 2] })
    expect(client).toMatchObject({ shardId: 1, totalShards: 2 })
  })

  it('keeps autoInteractions: a command is answered through the proxy', async () => {
    let replied = (): void => undefined
    const answered = new Promise<void>((resolve) => (replied = resolve))
    class Ping extends Command {
      name = 'ping'
      override description = 'answers'
      async run(interaction: CommandInteraction): Promise<void> {
        await interaction.reply({ content: 'pong' })
        replied()
      }
    }
    await createPlugin({ autoInteractions: true }).registerClient(createClient(discord.token, [new Ping()]))
    await discord.gateway.waitForIdentify()
    const callback = await discord.interactions.create({ name: 'ping' }).waitForCallback()
    expect(callback).toMatchObject({ type: 4, message: { content: 'pong' } })
    await answered
  })

  it('leaves a webSocketFactory unused: it would lead around the proxy', async () => {
    let used = 0
    const webSocketFactory = (): WebSocket => {
      used += 1
      throw new Error('around the proxy')
    }
    await createPlugin({ webSocketFactory }).registerClient(createClient())
    await discord.gateway.waitForIdentify()
    expect(used).toBe(0)
  })

  it.each([undefined, null, {}, 'http://127.0.0.1:8080'])('is not made with %o for a transport', (value) => {
    const options: unknown = { transport: value, intents: GatewayIntents.Guilds }
    for (const create of [
      () => new ProxyGatewayPlugin(options as ProxyGatewayPluginOptions),
      () => new ProxyRequestClient('token', options as ProxyRequestClientOptions),
    ]) {
      expect(create).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTIONS' }))
      expect(create).toThrow(/^transport: /)
    }
  })

  it('is a GatewayPlugin to whoever asks', () => {
    expect(createPlugin()).toBeInstanceOf(GatewayPlugin)
  })

  it('serves as the shard of a ShardingPlugin that knows its number of shards', async () => {
    class ProxyShard extends TestedPlugin {
      constructor(...[options, info]: ConstructorParameters<typeof GatewayPlugin>) {
        super({ ...options, transport }, info)
        plugins.push(this)
      }
    }
    const sharding = new ShardingPlugin({ intents: GatewayIntents.Guilds, totalShards: 2, maxConcurrency: 2 })
    sharding.customGatewayPlugin = ProxyShard
    await sharding.registerClient(createClient())
    await discord.gateway.waitForIdentify({ nth: 2 })
    const shards = discord.gateway.identifies.map(({ session }) => session.shard[0])
    expect(shards.sort()).toEqual([0, 1])
    // The shards of one token share the answer.
    expect(discord.rest.requests.map(({ route }) => route)).toEqual(['/gateway/bot'])
  })
})

describe('A connection that fails', () => {
  it('is told to a listener as a TransportError, and tried again', async () => {
    proxy.fault = { kind: 'request', verb: 'reset' }
    const plugin = createPlugin({}, gatewayInfo)
    const errors: unknown[] = []
    plugin.events.on('error', (error: unknown) => errors.push(error))
    await plugin.registerClient(createClient())
    await proxy.waitForConnection(({ id }) => id === 2)
    proxy.fault = undefined
    await discord.gateway.waitForIdentify()
    expect(errors[0]).toMatchObject({ name: 'TransportError', code: 'ERR_PROXY_UNREACHABLE' })
  })

  it('is a warning of the process where nobody listens, and tried again', async () => {
    proxy.fault = { kind: 'request', verb: 'reset' }
    const warned = expectWarning(/^The proxy /)
    await createPlugin({}, gatewayInfo).registerClient(createClient())
    expect(await warned).toMatchObject({ name: 'TransportError', code: 'ERR_PROXY_UNREACHABLE' })
    proxy.fault = undefined
    await discord.gateway.waitForIdentify()
  })

  it('is not tried again after the transport was closed', async () => {
    const plugin = createPlugin()
    await plugin.registerClient(createClient())
    await discord.gateway.waitForIdentify()
    await transport.close()
    expect(plugin.isConnected).toBe(false)
    expect(discord.gateway.upgrades).toHaveLength(1)
  })
})

describe('The plugin through an outage', () => {
  it('settles registerClient, and nothing is uncaught, when the transport is closed during the lookup', async () => {
    discord.rest.respondOnce(lookup, { stall: true }, { times: Infinity })
    const registered = createPlugin().registerClient(createClient())
    await proxy.waitForConnection(({ established }) => established)
    await transport.close()
    await registered
  })

  it('connects again after a proxy that fell silent between the upgrade and HELLO', async () => {
    const plugin = createPlugin({ gatewayReadyTimeoutMs: 300 }, gatewayInfo)
    const errors: unknown[] = []
    plugin.events.on('error', (error: unknown) => errors.push(error))
    const connected = discord.gateway.waitForConnection()
    const registered = plugin.registerClient(createClient())
    await connected
    proxy.freeze()
    await registered
    proxy.thaw()
    await discord.gateway.waitForIdentify()
  })

  it('moves to another proxy by a resume', async () => {
    const plugin = createPlugin()
    await plugin.registerClient(createClient())
    const resumed = discord.gateway.waitForResume()
    transport.setProxy(proxy.url)
    await resumed
    await expect.poll(() => plugin.isConnected).toBe(true)
    expect(discord.gateway.identifies).toHaveLength(1)
  })

  it('says that it is not connected while its connection is gone', async () => {
    const plugin = createPlugin()
    await plugin.registerClient(createClient())
    expect(plugin.isConnected).toBe(true)
    const states: boolean[] = []
    plugin.events.on('error', () => states.push(plugin.isConnected))
    const resumed = discord.gateway.waitForResume()
    proxy.cut()
    await resumed
    await expect.poll(() => plugin.isConnected).toBe(true)
    expect(states).toEqual([false])
  })

  it('knows the ping, and sends a presence that a new session gets too', async () => {
    discord.gateway.heartbeatIntervalMs = 200
    const plugin = createPlugin()
    await plugin.registerClient(createClient())
    await expect.poll(() => plugin.ping).toBeGreaterThanOrEqual(1)
    expect(plugin.latency).toBeGreaterThanOrEqual(1)
    plugin.updatePresence({ since: null, activities: [], status: 'idle', afk: false })
    await discord.gateway.waitForPayload(3)
    const identified = discord.gateway.waitForIdentify({ nth: 2 })
    discord.gateway.invalidSession(false)
    const { data } = await identified
    expect(data).toMatchObject({ presence: { status: 'idle' } })
  })

  it.each([Number.NaN, -5, 999_999])('refuses %d as gatewayReadyTimeoutMs, and names it', async (value) => {
    const registered = createPlugin({ gatewayReadyTimeoutMs: value }).registerClient(createClient())
    await expect(registered).rejects.toThrow(/gatewayReadyTimeoutMs/)
  })

  it('tells a disallowed intent once, and does not connect again', async () => {
    discord.gateway.rules.disallowedIntents = GatewayIntents.Guilds
    await expect(createPlugin().registerClient(createClient())).rejects.toMatchObject({
      code: 'ERR_GATEWAY_INTENTS',
      closeCode: 4014,
    })
  })
})
