import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'
import { startProxy, type LabProxy } from '../lab/proxy/index.js'
import { Program, type ProgramSettings } from '../support/processes/program.js'

let discord: FakeDiscord
let proxy: LabProxy
let example: Program | undefined

beforeEach(async () => {
  const names = new LabNames()
  discord = await startDiscord({ names })
  proxy = await startProxy({ scheme: 'http', names, auth: { username: 'us', password: 'p@ss/w%rd' } })
})

afterEach(async () => {
  await example?.kill()
  await proxy.close()
  await discord.close()
})

async function start(name: string, env: ProgramSettings['env'] = {}): Promise<Program> {
  const code = await readFile(new URL(`../../examples/${name}`, import.meta.url), 'utf8')
  example = await Program.start({ code, proxy: proxy.url, discord, env })
  return example
}

const bots = ['carbon-bot.ts', 'discordjs-bot.ts', 'oceanic-bot.ts']

it.each(bots)('%s answers !ping with text and a file, through the proxy', async (name) => {
  const bot = await start(name)
  await bot.during(discord.gateway.waitForIdentify())
  const question = discord.sayAs(discord.human, '!ping')
  const { files } = await bot.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
  expect(files).toMatchObject([{ filename: 'pong.txt' }])
  expect(files[0]?.bytes?.toString()).toBe('pong')
  const [, answer] = discord.messages.in(discord.channelId)
  expect(answer).toMatchObject({ content: 'pong', message_reference: { message_id: question.id } })
  const targets = proxy.connections.map(({ target }) => target?.host)
  expect(targets).toEqual(expect.arrayContaining(['discord.com', 'gateway.discord.gg']))
  expect(bot.output).toBe('')
})

it('ws-gateway.ts says hello, identifies, beats and answers !ping', async () => {
  discord.gateway.heartbeatIntervalMs = 200
  const bot = await start('ws-gateway.ts')
  await bot.during(discord.gateway.waitForIdentify())
  discord.sayAs(discord.human, '!ping')
  await bot.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
  expect(discord.messages.in(discord.channelId)[1]).toMatchObject({ content: 'pong' })
  await bot.during(discord.gateway.waitForPayload(1, { nth: 2 }))
  expect(bot.output).toBe('')
})

it.each(['wrap-request-client.ts', 'discordjs-rest.ts'])('%s sends text and a file', async (name) => {
  const sender = await start(name)
  expect(await sender.ended(), sender.output).toBe(0)
  const { files } = await discord.rest.waitForRequest('POST /channels/:id/messages')
  expect(files).toMatchObject([{ field: 'files[0]', filename: 'hello.txt' }])
  expect(files[0]?.bytes?.toString()).toBe('hello')
  expect(discord.messages.in(discord.channelId)).toMatchObject([{ content: 'sent through the proxy' }])
  expect(sender.output).not.toContain('p@ss')
})

it('axios-got.ts asks twice who the bot is', async () => {
  const asker = await start('axios-got.ts')
  expect(await asker.ended(), asker.output).toBe(0)
  expect(asker.output.trim()).toBe(`${discord.user.username} ${discord.user.username}`)
  expect(proxy.connections.every(({ target }) => target?.addressType === 'name')).toBe(true)
})

it('openclaw-ask.ts asks a session and prints the reply, past the proxy', async () => {
  const gateway = await FakeGateway.start()
  onTestFinished(() => gateway.stop())
  const env = { OPENCLAW_GATEWAY_URL: gateway.url, OPENCLAW_GATEWAY_TOKEN: gateway.token }
  const asker = await start('openclaw-ask.ts', env)
  expect(await asker.ended(), asker.output).toBe(0)
  expect(asker.output).toBe('Echo: Hello\n')
  expect(proxy.connections).toEqual([])
})
