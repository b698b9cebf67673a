import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy } from '../lab/proxy/index.js'
import { Program } from '../support/processes/program.js'

let names: LabNames
let discord: FakeDiscord
let proxy: LabProxy
let example: Program | undefined

beforeEach(async () => {
  names = new LabNames()
  discord = await startDiscord({ names })
  proxy = await startProxy({ scheme: 'socks5', names })
})

afterEach(async () => {
  await example?.kill()
  await proxy.close()
  await discord.close()
})

async function start(name: string): Promise<Program> {
  const code = await readFile(new URL(`../../examples/${name}`, import.meta.url), 'utf8')
  example = await Program.start({ code, proxy: proxy.url, discord })
  return example
}

it('echo-bot.ts says what it hears', async () => {
  const bot = await start('echo-bot.ts')
  await bot.during(discord.gateway.waitForIdentify())
  const heard = discord.sayAs(discord.human, 'hello')
  await bot.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
  const [, answer] = discord.messages.in(discord.channelId)
  expect(answer).toMatchObject({ content: 'hello', message_reference: { message_id: heard.id } })
  expect(bot.output).toBe('')
})

it('survives-proxy-restart.ts prints each message once, also those of the restart', async () => {
  const bot = await start('survives-proxy-restart.ts')
  await bot.printed('connected')
  discord.sayAs(discord.human, 'before')
  await bot.printed('before')
  const { port } = proxy
  await proxy.close()
  discord.sayAs(discord.human, 'meanwhile')
  proxy = await startProxy({ scheme: 'socks5', names, port })
  await bot.during(discord.gateway.waitForResume())
  discord.sayAs(discord.human, 'after')
  await bot.printed('after')
  const said = bot.output.split('\n').filter((line) => line.startsWith('alice: '))
  expect(said).toEqual(['alice: before', 'alice: meanwhile', 'alice: after'])
  expect(bot.output).toMatch(/ended without a close frame; resuming in 0 ms\n/)
  expect(bot.output).toMatch(/\nresumed, \d events caught up with\n/)
  expect(discord.gateway.identifies).toHaveLength(1)
})
