import { EventEmitter, once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { ClientRequest, IncomingMessage } from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as carbon from '@buape/carbon'
import { GatewayIntents, GatewayPlugin } from '@buape/carbon/gateway'
import { ShardingPlugin } from '@buape/carbon/sharding'
import axios from 'axios'
import * as discordApi from 'discord-api-types/v10'
import { REST, Routes } from 'discord.js'
import got from 'got'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import * as carbonFace from '../../src/adapters/carbon/index.js'
import * as face from '../../src/index.js'
import type { Lab } from '../support/lab.js'
import { runBlock } from './run-block.js'

/** How a block of the documentation is checked and run. */
export interface Case {
  /** What stands around the block, for the compiler. */
  readonly declared: string
  /** Runs it against the lab and checks what it does. */
  readonly run: (code: string, lab: Lab) => Promise<void>
}

const GATEWAY_URL = 'https://discord.com/api/v10/gateway'

const CLIENT_OPTIONS = {
  publicKey: 'a public key',
  baseUrl: 'http://localhost',
  deploySecret: 'a secret',
  disableDeployRoute: true,
}

/** The package, whose transports find the lab: by its proxy, and by the certificate of its Discord. */
function packageIn(lab: Lab): typeof face {
  const createDiscordTransport: typeof face.createDiscordTransport = (options) =>
    lab.createTransport({
      ...options,
      ...(options?.proxy === undefined
        ? { env: { OPENCLAW_PROXY_URL: lab.proxy.url } }
        : { proxy: lab.proxy.url }),
    })
  return { ...face, createDiscordTransport }
}

/** Carbon's plugin leaves an interval behind when it disconnects. */
function endWithTest(plugin: unknown): void {
  if (!(plugin instanceof GatewayPlugin)) throw new Error('the block makes a GatewayPlugin')
  onTestFinished(() => {
    plugin.disconnect()
    const monitor: unknown = Reflect.get(plugin, 'monitor')
    if (isDestroyable(monitor)) monitor.destroy()
  })
}

function isDestroyable(value: unknown): value is { destroy(): void } {
  return typeof value === 'object' && value !== null && 'destroy' in value
}

function clientOptions({ discord }: Lab): typeof CLIENT_OPTIONS & { token: string; clientId: string } {
  return { ...CLIENT_OPTIONS, token: discord.token, clientId: discord.user.id }
}

class Ping extends carbon.MessageCreateListener {
  async handle({ message }: carbon.ListenerEventData['MESSAGE_CREATE']): Promise<void> {
    if (message.content === '!ping') await message.reply('pong')
  }
}

/** The plugins that a block makes, so that they can be ended. */
function recordedPlugin(): { readonly plugins: GatewayPlugin[]; readonly ProxyGatewayPlugin: unknown } {
  const plugins: GatewayPlugin[] = []
  class ProxyGatewayPlugin extends carbonFace.ProxyGatewayPlugin {
    constructor(...given: ConstructorParameters<typeof carbonFace.ProxyGatewayPlugin>) {
      super(...given)
      plugins.push(this)
      endWithTest(this)
    }
  }
  return { plugins, ProxyGatewayPlugin }
}

/** Both shards at once, not the second after Discord's five seconds. */
class QuickSharding extends ShardingPlugin {
  constructor(options: ConstructorParameters<typeof ShardingPlugin>[0]) {
    super({ ...options, maxConcurrency: 2 })
  }
}

async function answersPing({ discord }: Lab): Promise<void> {
  await discord.gateway.waitForIdentify()
  discord.sayAs(discord.human, '!ping')
  await expect
    .poll(() => discord.messages.in(discord.channelId).map(({ content }) => content))
    .toEqual(['!ping', 'pong'])
}

const CARBON = "import { Client, type ClientOptions, MessageCreateListener } from '@buape/carbon'\n"
const FACE = "import { createDiscordTransport, type DiscordTransport } from 'discord-transport'\n"
const TRANSPORT =
  "import type { DiscordTransport } from 'discord-transport'\ndeclare const transport: DiscordTransport\n"

const intents = GatewayIntents.Guilds | GatewayIntents.GuildMessages | GatewayIntents.MessageContent

/** Every block of the documentation, by its page and its place there. */
export const CASES: Readonly<Record<string, Case>> = {
  'README.md 1': {
    declared: `${CARBON}declare const options: ClientOptions
declare const intents: number
declare const handlers: { listeners: MessageCreateListener[] }
`,
    run: async (code, lab) => {
      const around = {
        ...{ Client: carbon.Client, intents, options: clientOptions(lab) },
        handlers: { listeners: [new Ping()] },
      }
      const { ProxyGatewayPlugin } = recordedPlugin()
      const modules = {
        'discord-transport': packageIn(lab),
        'discord-transport/carbon': { ProxyGatewayPlugin },
      }
      const { client, transport } = await runBlock(code, around, modules, ['client', 'transport'])
      expect(client).toBeInstanceOf(carbon.Client)
      expect(transport).toHaveProperty('proxy')
      await answersPing(lab)
    },
  },

  'docs/delivery.md 1': {
    declared: FACE,
    run: async (code, lab) => {
      const made: unknown[] = []
      const createDiscordTransport = (options: face.TransportOptions): face.DiscordTransport => {
        made.push(options.delivery)
        return lab.createTransport(options)
      }
      await runBlock(code, { createDiscordTransport }, {}, [])
      expect(made).toEqual([false, { attempts: 6, budgetMs: 30_000 }])
    },
  },

  'docs/errors.md 1': {
    declared: TRANSPORT,
    run: async (code, lab) => {
      lab.proxy.fault = { kind: 'status', status: 403 }
      const lines: string[] = []
      const console = { error: (line: string) => lines.push(line) }
      await runBlock(code, { transport: lab.transport, console }, { 'discord-transport': face }, [])
      expect(lines[0]).toMatch(
        /^The proxy http:\/\/127\.0\.0\.1:\d+ refused a tunnel to discord\.com:443 \(403 /,
      )
      expect(lines[1]).toMatch(/^The answer is the proxy's, not Discord's: its policy must allow CONNECT to /)
    },
  },

  'docs/frameworks.md 1': {
    declared: `${CARBON}${FACE}import { ProxyGatewayPlugin } from 'discord-transport/carbon'
declare const [token, clientId, publicKey, baseUrl, deploySecret]: string[] & [string, string, string, string, string]
declare const intents: number
declare const Ping: new () => MessageCreateListener
`,
    run: async (code, lab) => {
      const { createDiscordTransport } = packageIn(lab)
      const { ProxyGatewayPlugin } = recordedPlugin()
      const around = { ...clientOptions(lab), createDiscordTransport, ProxyGatewayPlugin, intents, Ping }
      await runBlock(code, { ...around, Client: carbon.Client }, {}, ['client'])
      await answersPing(lab)
    },
  },

  'docs/frameworks.md 2': {
    declared: `${TRANSPORT}import type { GatewayPlugin } from '@buape/carbon/gateway'
import { ShardingPlugin } from '@buape/carbon/sharding'
import { ProxyGatewayPlugin } from 'discord-transport/carbon'
declare const intents: number
`,
    run: async (code, lab) => {
      const { plugins, ProxyGatewayPlugin } = recordedPlugin()
      const around = { transport: lab.transport, ProxyGatewayPlugin, ShardingPlugin: QuickSharding, intents }
      const { sharding } = await runBlock(code, around, {}, ['sharding'])
      if (!(sharding instanceof ShardingPlugin)) throw new Error('the block makes a ShardingPlugin')
      await sharding.registerClient(new carbon.Client(clientOptions(lab), {}))
      await lab.discord.gateway.waitForIdentify({ nth: 2 })
      expect(plugins).toHaveLength(2)
    },
  },

  'docs/frameworks.md 3': {
    declared: `${TRANSPORT}import { REST } from 'discord.js'\ndeclare const token: string\n`,
    run: async (code, { transport, discord }) => {
      const { rest } = await runBlock(code, { transport, REST, token: discord.token }, {}, ['rest'])
      if (!(rest instanceof REST)) throw new Error('the block makes a REST')
      onTestFinished(() => {
        rest.clearHashSweeper()
        rest.clearHandlerSweeper()
      })
      expect(await rest.get(Routes.user())).toMatchObject({ id: discord.user.id })
    },
  },

  'docs/frameworks.md 4': {
    declared: TRANSPORT,
    run: async (code, { transport }) => {
      const { socket } = await runBlock(code, { transport }, {}, ['socket'])
      if (!(socket instanceof WebSocket)) throw new Error('the block makes a WebSocket')
      const [hello] = (await once(socket, 'message')) as [Buffer]
      expect(JSON.parse(hello.toString())).toMatchObject({ op: 10 })
      socket.terminate()
    },
  },

  'docs/frameworks.md 5': {
    declared: `${TRANSPORT}import https from 'node:https'
import axios from 'axios'
import got from 'got'
declare const url: string
`,
    run: async (code, lab) => {
      const asked: ClientRequest[] = []
      const get = (url: string, options: https.RequestOptions): ClientRequest => {
        const request = https.get(url, options)
        asked.push(request)
        return request
      }
      await runBlock(code, { transport: lab.transport, url: GATEWAY_URL, axios, got, https: { get } }, {}, [])
      const [request] = asked
      if (request === undefined) throw new Error('the block asks by node:https')
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      expect(response.statusCode).toBe(200)
      response.resume()
      await once(response, 'end')
      expect(lab.discord.rest.requests.map(({ path }) => path)).toHaveLength(3)
    },
  },

  'docs/gateway.md 1': {
    declared: 'declare const token: string\n',
    run: async (code, lab) => {
      const lines: string[] = []
      const modules = { 'discord-transport': packageIn(lab), 'discord-api-types/v10': discordApi }
      const around = { token: lab.discord.token, console: { log: (line: string) => lines.push(line) } }
      const { gateway } = await runBlock(code, around, modules, ['gateway'])
      if (!(gateway instanceof EventEmitter)) throw new Error('the block makes a GatewayClient')
      const heard = once(gateway, 'dispatch')
      lab.discord.sayAs(lab.discord.human, 'hello')
      await heard
      expect(lines).toEqual([`${lab.discord.human.username} wrote`])
    },
  },

  'docs/gateway.md 2': {
    declared: `${TRANSPORT}import { writeFile } from 'node:fs/promises'
import type { GatewayClient } from 'discord-transport'
declare const gateway: GatewayClient
`,
    run: async (code, lab) => {
      const { file } = await keepSession(code, lab)
      expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject([
        { sequence: expect.any(Number) as number },
      ])
    },
  },

  'docs/gateway.md 3': {
    declared: `${TRANSPORT}import { readFile } from 'node:fs/promises'
declare const token: string
declare const intents: number
`,
    run: async (code, lab) => {
      const { file } = await keepSession(
        'await gateway.close({ keepSession: true })\nawait writeFile("", JSON.stringify(gateway.sessions))',
        lab,
      )
      const around = {
        ...{ transport: lab.transport, token: lab.discord.token, intents },
        readFile: () => readFile(file, 'utf8'),
      }
      await runBlock(code, around, {}, ['gateway'])
      expect(lab.discord.gateway.resumes).toHaveLength(1)
      expect(lab.discord.gateway.identifies).toHaveLength(1)
    },
  },
}

/** Runs what closes a gateway and writes its sessions down. */
async function keepSession(code: string, { transport, discord }: Lab): Promise<{ readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-docs-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'sessions.json')
  const gateway = transport.createGateway({ token: discord.token, intents })
  await gateway.connect()
  await runBlock(code, { gateway, writeFile: (_name: string, text: string) => writeFile(file, text) }, {}, [])
  return { file }
}
