import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type Message, MessageCreateListener, type ListenerEventData } from '@buape/carbon'
import { GatewayPlugin } from '@buape/carbon/gateway'
import { GatewayIntentBits, Routes } from 'discord-api-types/v10'
import { ProxyGatewayPlugin } from '../../src/adapters/carbon/index.js'
import { createDiscordTransport, type DiscordTransport, type TransportOptions } from '../../src/index.js'
import type { DiscordFacts } from './outside-process.js'
import { serve } from './remote.js'

/** What the bot is started with. */
export interface BotSetup {
  readonly discord: DiscordFacts
  /** Null: the transport is taken out, and Carbon does what it does by itself. */
  readonly transport: Pick<TransportOptions, 'proxy' | 'proxyTls'> | null
}

/** A real Carbon bot, as a process of its own. */
export interface BotCalls {
  readonly start: { readonly argument: BotSetup; readonly result: null }
  /** Contents of the messages that it heard, and of those that Discord acknowledged to it. */
  readonly report: {
    readonly argument: null
    readonly result: { readonly heard: readonly string[]; readonly acknowledged: readonly string[] }
  }
}

const REPLY_FILE = Buffer.alloc(1024 * 1024, 'discord-transport')
const SMALL_FILE = REPLY_FILE.subarray(0, 16 * 1024)
const RETRY_MS = 1_000
const intents = GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.MessageContent

const heard: string[] = []
const acknowledged: string[] = []

// The control run fails at everything it tries; it must go on trying.
process.on('unhandledRejection', (reason) => console.error('unhandled:', reason))

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

class Bot extends MessageCreateListener {
  readonly #userId: string
  readonly #transport: DiscordTransport | null

  constructor({ discord }: BotSetup, transport: DiscordTransport | null) {
    super()
    this.#userId = discord.clientId
    this.#transport = transport
  }

  async handle({ message }: ListenerEventData['MESSAGE_CREATE'], client: Client): Promise<void> {
    if (message.author?.id === this.#userId) return
    heard.push(message.content)
    await this.#reply(message, client)
  }

  async #reply(message: Message, client: Client): Promise<void> {
    const { content } = message
    if (content.startsWith('text')) {
      await message.reply({ content: `reply to ${content}` })
      acknowledged.push(`reply to ${content}`)
    } else if (content.startsWith('file')) {
      const files = [{ name: 'from-the-bot.bin', data: new Blob([REPLY_FILE]) }]
      await message.reply({ content: `reply to ${content}`, files })
      acknowledged.push(`reply to ${content}`)
    } else if (content.startsWith('download')) {
      const fetch = this.#transport?.fetch ?? globalThis.fetch
      const response = await fetch(message.attachments[0]?.url ?? '')
      await message.reply({ content: sha256(new Uint8Array(await response.arrayBuffer())) })
    } else if (content.startsWith('insist')) {
      await insist(client, message, `reply to ${content}`)
    }
  }
}

/** Until it is acknowledged, under one nonce: Discord answers a repeat with the first message. */
async function insist(client: Client, message: Message, content: string): Promise<void> {
  const files = content.includes('a file') ? [{ name: 'small.bin', data: new Blob([SMALL_FILE]) }] : []
  const body = { content, files, nonce: message.id, enforce_nonce: true }
  for (;;) {
    try {
      await client.rest.post(Routes.channelMessages(message.channelId), { body })
      acknowledged.push(content)
      return
    } catch (error) {
      console.error(`${content}:`, error)
      await delay(RETRY_MS)
    }
  }
}

/** Two of what Carbon's plugins do on their own are left: they end after five attempts, or after none. */
const reconnect = { maxAttempts: 1_000, baseDelay: 500, maxDelay: 4_000 }

function start(setup: BotSetup): null {
  const { token, clientId, ca } = setup.discord
  const transport =
    setup.transport === null
      ? null
      : createDiscordTransport({ ...setup.transport, env: {}, tls: { ca }, required: true })
  const gateway =
    transport === null
      ? new GatewayPlugin({ intents, reconnect })
      : new ProxyGatewayPlugin({ transport, intents, reconnect })
  // Its 'error' events are what a bot logs.
  Reflect.apply(addErrorListener, gateway, [])
  const options = {
    baseUrl: 'http://localhost:3000',
    clientId,
    publicKey: '00'.repeat(32),
    deploySecret: 'unused',
    token,
    autoDeploy: false,
    eventQueue: { listenerTimeout: 600_000 },
    ...(transport === null ? {} : { requestOptions: transport.requestOptions }),
  }
  const client = new Client(options, { listeners: [new Bot(setup, transport)] }, [gateway])
  if (transport === null) void tryEverything(client, setup.discord.channelId)
  return null
}

function addErrorListener(this: GatewayPlugin): void {
  const emitter: unknown = Reflect.get(this, 'emitter')
  if (typeof emitter !== 'object' || emitter === null || !('on' in emitter)) return
  if (typeof emitter.on !== 'function') return
  Reflect.apply(emitter.on, emitter, ['error', (error: unknown) => console.error('gateway:', error)])
  Reflect.apply(emitter.on, emitter, ['debug', (text: unknown) => console.error('gateway:', text)])
}

/** Without a gateway nobody asks anything: so the bot without a transport speaks first. */
async function tryEverything(client: Client, channelId: string): Promise<void> {
  const tries = [
    client.rest.post(Routes.channelMessages(channelId), { body: { content: 'anybody there?' } }),
    fetch('https://cdn.discordapp.com/attachments/1/2/file.bin'),
  ]
  for (const result of await Promise.allSettled(tries)) console.error('without a transport:', result)
}

serve<BotCalls>({
  start,
  report: () => ({ heard: [...heard], acknowledged: [...acknowledged] }),
})
