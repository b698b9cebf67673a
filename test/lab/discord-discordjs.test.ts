import { once } from 'node:events'
import { Client, GatewayIntentBits } from 'discord.js'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from './discord/index.js'
import { connectLabDirectly } from './discord/loopback.js'
import { LabNames } from './names.js'

const { Guilds, GuildMessages, GuildMessageReactions, MessageContent } = GatewayIntentBits

let discord: FakeDiscord
let direct: Disposable
let client: Client

beforeEach(async () => {
  const names = new LabNames()
  discord = await startDiscord({ names })
  direct = connectLabDirectly(names, discord.ca)
  client = new Client({ intents: [Guilds, GuildMessages, GuildMessageReactions, MessageContent] })
})

afterEach(async () => {
  await client.destroy()
  direct[Symbol.dispose]()
  await discord.close()
})

it('discord.js 14 as it is logs in and knows the guild and its channels', async () => {
  const ready = once(client, 'clientReady')
  await client.login(discord.token)
  await ready
  expect(client.user?.id).toBe(discord.user.id)
  expect(client.guilds.cache.get(discord.guildId)?.available).toBe(true)
  expect(client.channels.cache.get(discord.channelId)?.isTextBased()).toBe(true)
})

it('discord.js 14 as it is answers messages with text, files, edits and reactions', async () => {
  const ready = once(client, 'clientReady')
  await client.login(discord.token)
  await ready
  const file = Buffer.alloc(100_000, 'discord.js')
  const done = new Promise<void>((resolve, reject) => {
    client.on('messageCreate', (message) => {
      if (message.author.bot) return
      const answer = async (): Promise<void> => {
        const files = [{ attachment: file, name: 'reply.bin' }]
        const sent = await message.reply({ content: `you said ${message.content}`, files })
        await sent.edit('edited')
        await sent.react('✅')
        await message.channel.sendTyping()
      }
      answer().then(resolve, reject)
    })
  })
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
  expect(discord.messages.reactions(answer!.id)[0]?.emoji.name).toBe('✅')
  expect(discord.rest.requests.every(({ status }) => status !== undefined && status < 400)).toBe(true)
})

it('discord.js 14 as it is waits out a 429 and sends again', async () => {
  await client.login(discord.token)
  await discord.gateway.waitForIdentify()
  const channel = await client.channels.fetch(discord.channelId)
  discord.rest.rateLimitOnce('POST /channels/:id/messages', { retryAfter: 0.2 })
  if (!channel?.isSendable()) throw new Error('not a channel to send to')
  await channel.send('patience')
  const sends = discord.rest.requests.filter(({ method }) => method === 'POST')
  expect(sends.map(({ status }) => status)).toEqual([429, 200])
  expect(sends[1]!.at - sends[0]!.at).toBeGreaterThanOrEqual(190)
})

it('discord.js 14 as it is resumes when the gateway asks for a reconnect', async () => {
  await client.login(discord.token)
  const { connection, session } = await discord.gateway.waitForIdentify()
  connection.requestReconnect()
  const resumed = await discord.gateway.waitForResume()
  expect(resumed.session.id).toBe(session.id)
  const heard = once(client, 'messageCreate')
  discord.sayAs(discord.human, 'still there?')
  const messages: unknown[] = await heard
  expect(messages[0]).toMatchObject({ content: 'still there?' })
})

it('discord.js 14 as it is answers a command by the callback of its interaction', async () => {
  const answered = new Promise<void>((resolve, reject) => {
    client.on('interactionCreate', (interaction) => {
      if (interaction.isChatInputCommand()) interaction.reply('pong').then(() => resolve(), reject)
    })
  })
  await client.login(discord.token)
  await discord.gateway.waitForIdentify()
  const callback = await discord.interactions.create({ name: 'ping' }).waitForCallback()
  await answered
  expect(callback).toMatchObject({ type: 4, message: { content: 'pong' } })
})
