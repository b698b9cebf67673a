import * as carbon14 from 'carbon-0-14'
import * as gateway14 from 'carbon-0-14/gateway'
import * as carbon15 from 'carbon-0-15'
import * as gateway15 from 'carbon-0-15/gateway'
import * as carbon16 from '@buape/carbon'
import * as gateway16 from '@buape/carbon/gateway'
import { GatewayIntentBits, Routes } from 'discord-api-types/v10'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from './discord/index.js'
import { connectLabDirectly } from './discord/loopback.js'
import { LabNames } from './names.js'

interface Sent {
  readonly id: string
  edit(data: { content: string }): Promise<unknown>
}

interface Received {
  readonly content: string | undefined
  readonly author: { readonly id: string } | null | undefined
  reply(data: { content: string; files?: { name: string; data: Blob }[] }): Promise<Sent>
}

interface Bot {
  put(path: `/${string}`): Promise<unknown>
  stop(): void
}

interface Handlers {
  readonly onMessage: (message: Received) => Promise<void>
  /** The command's answer has arrived. */
  readonly onAnswered?: () => void
  /** Deploy the commands at the start. */
  readonly autoDeploy?: boolean
}

const intents = GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.MessageContent

/** The client's options, the same for all versions, and with nothing about the network in them. */
function clientOptions({ token, user }: FakeDiscord, autoDeploy = false): carbon14.ClientOptions {
  return {
    baseUrl: 'http://localhost:3000',
    clientId: user.id,
    publicKey: '00'.repeat(32),
    deploySecret: 'unused',
    token,
    autoDeploy,
    // Carbon 0.14 never clears the timer of a listener that was in time.
    eventQueue: { listenerTimeout: 2000 },
  }
}

function stopper(plugin: { disconnect(): void }): () => void {
  return () => {
    plugin.disconnect()
    // Carbon leaves this interval running after a disconnect.
    const monitor: unknown = Reflect.get(plugin, 'monitor')
    if (typeof monitor !== 'object' || monitor === null || !('destroy' in monitor)) return
    if (typeof monitor.destroy === 'function') Reflect.apply(monitor.destroy, monitor, [])
  }
}

/** Carbon 0.14 takes a disconnect by its own user for a loss, and connects again. */
class StoppableGateway014 extends gateway14.GatewayPlugin {
  #stopped = false

  stop(): void {
    this.#stopped = true
    this.disconnect()
    this.monitor.destroy()
  }

  protected override handleClose(code: number): void {
    if (!this.#stopped) super.handleClose(code)
  }
}

function start014(discord: FakeDiscord, { onMessage, onAnswered, autoDeploy }: Handlers): Bot {
  class OnMessage extends carbon14.MessageCreateListener {
    // What 0.14 publishes as types lacks the event's own fields here.
    async handle(data: carbon14.ListenerEventAdditionalData): Promise<void> {
      if ('message' in data && data.message instanceof carbon14.Message) await onMessage(data.message)
    }
  }
  class Ping extends carbon14.Command {
    name = 'ping'
    override description = 'answers'
    async run(interaction: carbon14.CommandInteraction): Promise<void> {
      await interaction.reply({ content: 'pong' })
      onAnswered?.()
    }
  }
  const plugin = new StoppableGateway014({ intents, autoInteractions: true })
  const handlers = { commands: [new Ping()], listeners: [new OnMessage()] }
  const client = new carbon14.Client(clientOptions(discord, autoDeploy), handlers, [plugin])
  return { put: (path) => client.rest.put(path), stop: () => plugin.stop() }
}

function start015(discord: FakeDiscord, { onMessage, onAnswered, autoDeploy }: Handlers): Bot {
  class OnMessage extends carbon15.MessageCreateListener {
    handle({ message }: carbon15.ListenerEventData['MESSAGE_CREATE']): Promise<void> {
      return onMessage(message)
    }
  }
  class Ping extends carbon15.Command {
    name = 'ping'
    override description = 'answers'
    async run(interaction: carbon15.CommandInteraction): Promise<void> {
      await interaction.reply({ content: 'pong' })
      onAnswered?.()
    }
  }
  const plugin = new gateway15.GatewayPlugin({ intents, autoInteractions: true })
  const handlers = { commands: [new Ping()], listeners: [new OnMessage()] }
  const client = new carbon15.Client(clientOptions(discord, autoDeploy), handlers, [plugin])
  return { put: (path) => client.rest.put(path), stop: stopper(plugin) }
}

function start016(discord: FakeDiscord, { onMessage, onAnswered, autoDeploy }: Handlers): Bot {
  class OnMessage extends carbon16.MessageCreateListener {
    handle({ message }: carbon16.ListenerEventData['MESSAGE_CREATE']): Promise<void> {
      return onMessage(message)
    }
  }
  class Ping extends carbon16.Command {
    name = 'ping'
    override description = 'answers'
    async run(interaction: carbon16.CommandInteraction): Promise<void> {
      await interaction.reply({ content: 'pong' })
      onAnswered?.()
    }
  }
  const plugin = new gateway16.GatewayPlugin({ intents, autoInteractions: true })
  const handlers = { commands: [new Ping()], listeners: [new OnMessage()] }
  const client = new carbon16.Client(clientOptions(discord, autoDeploy), handlers, [plugin])
  return { put: (path) => client.rest.put(path), stop: stopper(plugin) }
}

let discord: FakeDiscord
let direct: Disposable
let bot: Bot | undefined

beforeEach(async () => {
  const names = new LabNames()
  discord = await startDiscord({ names })
  direct = connectLabDirectly(names, discord.ca)
})

afterEach(async () => {
  bot?.stop()
  direct[Symbol.dispose]()
  await discord.close()
})

describe.each([
  ['0.14', start014],
  ['0.15', start015],
  ['0.16', start016],
])('Carbon %s as it is', (_, start) => {
  it('logs in, deploys its commands, and answers messages with text, files, edits and reactions', async () => {
    const file = Buffer.alloc(100_000, 'carbon')
    const done = new Promise<void>((resolve, reject) => {
      const onMessage = async (message: Received): Promise<void> => {
        if (message.author?.id === discord.user.id) return
        const files = [{ name: 'reply.bin', data: new Blob([file]) }]
        const sent = await message.reply({ content: `you said ${message.content}`, files })
        await sent.edit({ content: 'edited' })
        const reaction = Routes.channelMessageOwnReaction(
          discord.channelId,
          sent.id,
          encodeURIComponent('✅'),
        )
        await bot?.put(reaction)
        resolve()
      }
      bot = start(discord, { autoDeploy: true, onMessage: (message) => onMessage(message).catch(reject) })
    })
    const { session } = await discord.gateway.waitForIdentify()
    expect(session.intents).toBe(intents)
    await discord.rest.waitForRequest('PUT /applications/:id/commands')
    const question = discord.sayAs(discord.human, 'hello')
    await done
    const [, answer] = discord.messages.in(discord.channelId)
    expect(answer).toMatchObject({
      content: 'edited',
      author: { id: discord.user.id },
      message_reference: { message_id: question.id },
      attachments: [{ filename: 'reply.bin', size: file.length }],
    })
    const upload = discord.rest.requests.find(({ files }) => files.length > 0)
    expect(upload).toMatchObject({ json: { content: 'you said hello' } })
    expect(upload?.files[0]?.bytes?.equals(file)).toBe(true)
    const [reaction] = discord.messages.reactions(answer!.id)
    expect(reaction?.emoji.name).toBe('✅')
  })

  it('answers a command by the callback of its interaction', async () => {
    const answered = new Promise<void>((resolve) => {
      bot = start(discord, { onMessage: () => Promise.resolve(), onAnswered: resolve })
    })
    await discord.gateway.waitForIdentify()
    const callback = await discord.interactions.create({ name: 'ping' }).waitForCallback()
    await answered
    expect(callback).toMatchObject({ type: 4, message: { content: 'pong' } })
  })

  it('comes back when the gateway asks for a reconnect, and misses nothing', async () => {
    const heard: (string | undefined)[] = []
    let wake = (): void => undefined
    bot = start(discord, {
      onMessage: ({ content }) => {
        heard.push(content)
        wake()
        return Promise.resolve()
      },
    })
    const { session, connection } = await discord.gateway.waitForIdentify()
    discord.sayAs(discord.human, 'before')
    connection.requestReconnect()
    await discord.gateway.waitForClose()
    discord.sayAs(discord.human, 'between')
    const resumed = await discord.gateway.waitForResume()
    expect(resumed.session.id).toBe(session.id)
    discord.sayAs(discord.human, 'after')
    while (heard.length < 3) await new Promise<void>((resolve) => (wake = resolve))
    expect(heard).toEqual(['before', 'between', 'after'])
  })
})
