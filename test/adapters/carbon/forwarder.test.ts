import { generateKeyPairSync } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { GatewayIntents } from '@buape/carbon/gateway'
import { GatewayForwarderPlugin, ShardedGatewayForwarderPlugin } from '@buape/carbon/gateway-forwarder'
import { GatewayForwarderPlugin as Forwarder14 } from 'carbon-0-14/gateway-forwarder'
import { GatewayForwarderPlugin as Forwarder15 } from 'carbon-0-15/gateway-forwarder'
import { expect, onTestFinished, test } from 'vitest'
import { onTransport } from '../../../src/adapters/carbon/index.js'
import { expectWarning } from '../../lab/warnings.js'
import { startLab } from '../../support/lab.js'
import { createCarbonClient } from './carbon-client.js'

interface Forwarded {
  readonly event: { readonly type: string; readonly data: { readonly content?: string } }
}

type Options = ConstructorParameters<typeof GatewayForwarderPlugin>[0]

/** The program that a forwarder tells of events; `heard(content)` resolves when a message has come. */
class Receiver {
  readonly types: string[] = []
  readonly #events = new EventEmitter()
  readonly options: Options

  constructor(port: number) {
    const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
    this.options = {
      privateKey: privateKey.toString(),
      webhookUrl: `http://127.0.0.1:${port}/`,
      intents: GatewayIntents.Guilds | GatewayIntents.GuildMessages | GatewayIntents.MessageContent,
      reconnect: { baseDelay: 20, maxDelay: 50 },
    }
  }

  static async start(): Promise<Receiver> {
    const server = http.createServer((request, response) => {
      void json(request).then((body) => {
        response.end()
        receiver.#receive(body as Forwarded)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const receiver = new Receiver((server.address() as AddressInfo).port)
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return receiver
  }

  async heard(content: string): Promise<void> {
    await once(this.#events, content)
  }

  #receive({ event: { type, data } }: Forwarded): void {
    this.types.push(type)
    if (type === 'MESSAGE_CREATE' && data.content !== undefined) this.#events.emit(data.content)
  }
}

test.each([
  ['0.14', Forwarder14 as unknown as typeof GatewayForwarderPlugin],
  ['0.15', Forwarder15 as unknown as typeof GatewayForwarderPlugin],
  ['0.16', GatewayForwarderPlugin],
])('the forwarder of Carbon %s forwards through a cut of its tunnel, and resumes', async (_version, Base) => {
  const lab = await startLab()
  const { discord, proxy, transport } = lab
  const receiver = await Receiver.start()
  const plugin = new (onTransport(Base))({ ...receiver.options, transport })
  onTestFinished(() => plugin.closed())
  expect(plugin).toBeInstanceOf(Base)
  await plugin.registerClient(createCarbonClient(lab))

  const before = receiver.heard('before')
  discord.sayAs(discord.human, 'before')
  await before
  const between = receiver.heard('between')
  const told = expectWarning(/broke/)
  const resumed = discord.gateway.waitForResume()
  proxy.cut()
  discord.sayAs(discord.human, 'between')
  await Promise.all([told, resumed, between])

  expect(discord.gateway.identifies).toHaveLength(1)
  expect(receiver.types.filter((type) => type === 'MESSAGE_CREATE')).toHaveLength(2)
  expect(receiver.types).toContain('READY')
  const targets = proxy.connections.map(({ target }) => target?.host)
  expect(targets.every((host) => host === 'discord.com' || host?.startsWith('gateway'))).toBe(true)
})

test('the shards of ShardedGatewayForwarderPlugin are on the transport by a class of their own', async () => {
  const lab = await startLab()
  const { discord, transport } = lab
  const receiver = await Receiver.start()
  const shards: Shard[] = []
  class Shard extends onTransport(GatewayForwarderPlugin) {
    constructor(options: Options) {
      super({ ...options, transport })
      shards.push(this)
    }
  }
  const sharding = new ShardedGatewayForwarderPlugin({ ...receiver.options, totalShards: 2, shardIds: [1] })
  sharding.customGatewayPlugin = Shard
  onTestFinished(async () => {
    for (const shard of shards) await shard.closed()
  })
  const identified = discord.gateway.waitForIdentify()
  await sharding.registerClient(createCarbonClient(lab))
  const { data } = await identified
  expect(data).toMatchObject({ shard: [1, 2] })
})
