import { afterAll, beforeAll, expect, it } from 'vitest'
import { installRuntimes } from '../../scripts/nodes/install-runtimes.js'
import { startLab } from '../support/lab.js'
import { Program } from '../support/processes/program.js'
import { createProject, type Project } from './project.js'

/** A bot that knows nothing of this package. */
const BOT = `
import { Client, Events, GatewayIntentBits } from 'discord.js'
import https from 'node:https'

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
const client = new Client({ intents: [Guilds, GuildMessages, MessageContent] })
client.on(Events.MessageCreate, async (message) => {
  if (message.content !== '!ping') return
  const [attachment] = message.attachments.values()
  const file = Buffer.from(await (await fetch(attachment.url)).arrayBuffer())
  const status = await new Promise((resolve, reject) =>
    https.get('https://discord.com/api/v10/gateway', (response) => resolve(response.resume().statusCode)).on('error', reject))
  await message.reply({ content: 'pong ' + file + ' ' + status, files: [{ name: 'answer.txt', attachment: file }] })
})
client.on(Events.Error, console.error)
await client.login(process.env.DISCORD_BOT_TOKEN)
`

let project: Project
let bun: readonly string[]

beforeAll(async () => {
  bun = (await installRuntimes()).bun
  project = await createProject()
})

afterAll(() => project[Symbol.asyncDispose]())

it.each(['http', 'socks5'] as const)(
  'bun --preload discord-transport/register carries a bot of discord.js through %s',
  async (scheme) => {
    const { discord, proxy } = await startLab({ scheme })
    const program = await Program.start({
      code: BOT,
      proxy: proxy.url,
      discord,
      command: [...bun, '--preload', 'discord-transport/register'],
      project: project.folder,
      env: { HOME: project.folder },
    })
    try {
      await program.during(discord.gateway.waitForIdentify())
      const attachments = [{ filename: 'question.txt', content: Buffer.from('file') }]
      discord.sayAs(discord.human, '!ping', { attachments })
      await program.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
      const [, answer] = discord.messages.in(discord.channelId)
      expect(answer).toMatchObject({ content: 'pong file 200', attachments: [{ filename: 'answer.txt' }] })
      const hosts = proxy.connections.map(({ target }) => target?.host)
      expect(hosts).toEqual(
        expect.arrayContaining(['gateway.discord.gg', 'discord.com', 'cdn.discordapp.com']),
      )
    } finally {
      await program.kill()
    }
  },
)

it('Bun connects nowhere directly in scope: an unusable proxy fails the request', async () => {
  const { discord, proxy } = await startLab()
  proxy.fault = { kind: 'status', status: 403 }
  const program = await Program.start({
    code: `
      console.log(await fetch('https://discord.com/').catch((error) => error.code))
      const socket = new WebSocket('wss://gateway.discord.gg/')
      socket.onerror = ({ error }) => console.log(error.code)`,
    proxy: proxy.url,
    discord,
    command: [...bun, '--preload', 'discord-transport/register'],
    project: project.folder,
    env: { HOME: project.folder },
  })
  try {
    expect(await program.ended()).toBe(0)
    expect(program.output).toBe('ERR_PROXY_DENIED\nERR_PROXY_DENIED\n')
  } finally {
    await program.kill()
  }
})

it('a bad variable ends Bun with one line before the program', async () => {
  const { discord, proxy } = await startLab()
  const program = await Program.start({
    code: `console.log('ran')`,
    proxy: proxy.url,
    discord,
    command: [...bun, '--preload', 'discord-transport/register'],
    project: project.folder,
    env: { HOME: project.folder, DISCORD_TRANSPORT_SCOPE: 'everything' },
  })
  try {
    expect(await program.ended()).toBe(1)
    expect(program.output).toMatch(/^discord-transport\/register: DISCORD_TRANSPORT_SCOPE: [^\n]+\n$/)
  } finally {
    await program.kill()
  }
})
