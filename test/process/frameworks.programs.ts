import { once } from 'node:events'
import type http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { builtPackage, type BuiltPackage } from '../support/processes/built-package.js'
import { startLab, type Lab } from '../support/lab.js'
import { Program } from '../support/processes/program.js'
import { BELOW } from './support/below.js'

let built: BuiltPackage
beforeAll(async () => {
  built = await builtPackage()
}, 60_000)

/** `done()` tells what the process did below all hooks, in a line of JSON, and ends it. */
const BEGIN = `
${BELOW}
const { DISCORD_BOT_TOKEN: token, DISCORD_APPLICATION_ID: applicationId, DISCORD_CHANNEL_ID: channelId } = process.env
const intents = (1 << 0) | (1 << 9) | (1 << 15)
const done = (more) => process.stdout.write('\\n' + JSON.stringify({ ...more, ...below() }) + '\\n', () => process.exit())
const failed = (error) => {
  console.error(error)
  process.exit(1)
}
`

interface Report {
  readonly lookups: number
  readonly connections: readonly string[]
  readonly [more: string]: unknown
}

/** Runs a bot that knows nothing of this package, to its end. */
async function runBot(
  { discord, proxy }: Lab,
  code: string,
  during: (program: Program) => Promise<unknown> = () => Promise.resolve(),
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Report[]> {
  const command = [process.execPath, '--import', built.register.import]
  const program = await Program.start({ code: `${BEGIN}${code}`, proxy: proxy.url, discord, command, env })
  try {
    await during(program)
    expect(await program.ended(), program.output).toBe(0)
    const lines = program.output.split('\n').filter((line) => line.startsWith('{'))
    return lines.map((line) => JSON.parse(line) as Report)
  } finally {
    await program.kill()
  }
}

/** Each process connected to the proxy and nowhere else, and looked up no name. */
function expectProxyAlone({ proxy }: Lab, reports: readonly Report[], processes = 1): void {
  expect(reports).toHaveLength(processes)
  for (const { connections, lookups } of reports) {
    expect(new Set(connections)).toEqual(new Set([`${proxy.host}:${proxy.port}`]))
    expect(lookups).toBe(0)
  }
}

/** The bot is asked when it has come to the gateway, and its answer is waited for. */
async function askedByGateway({ discord }: Lab, program: Program): Promise<void> {
  await program.during(discord.gateway.waitForIdentify())
  discord.sayAs(discord.human, '!ping')
  await program.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
}

function answers({ discord }: Lab): (string | undefined)[] {
  return discord.messages.in(discord.channelId).map(({ content }) => content)
}

async function serve({ names }: Lab, server: http.Server, host: string): Promise<void> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  names.add(host, 443, { host: '127.0.0.1', port: portOf(server) })
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

test.each([
  [
    'Seyfert',
    `
    const { Client, createEvent } = await import('seyfert')
    const client = new Client({ getRC: () => ({ token, intents, locations: { base: '.' } }) })
    client.events.set([createEvent({
      data: { name: 'messageCreate' },
      run: (message) => message.content === '!ping' &&
        client.messages.write(message.channelId, { content: 'pong' }).then(() => done(), failed),
    })])
    await client.start()`,
  ],
  [
    'Discordeno',
    `
    const { createBot } = await import('@discordeno/bot')
    const bot = createBot({
      token,
      intents,
      desiredProperties: { message: { id: true, content: true, channelId: true } },
      events: {
        messageCreate: (message) => message.content === '!ping' &&
          bot.helpers.sendMessage(message.channelId, { content: 'pong' }).then(() => done(), failed),
      },
    })
    await bot.start()`,
  ],
])('a bot of %s takes the proxy with no line', async (_name, code) => {
  const lab = await startLab()
  const reports = await runBot(lab, code, (program) => askedByGateway(lab, program))
  expectProxyAlone(lab, reports)
  expect(answers(lab)).toEqual(['!ping', 'pong'])
  expect(lab.proxy.connections.map(({ target }) => target?.host)).toContain('gateway.discord.gg')
})

test.each(['process', 'worker'] as const)(
  'ShardingManager asks for the number of shards and starts each as a %s with no line',
  async (mode) => {
    const lab = await startLab()
    const reports = await runBot(
      lab,
      `
      const { Client, ShardingManager } = await import('discord.js')
      if (process.env.SHARDING_MANAGER === undefined) {
        const manager = new ShardingManager(process.argv[1], { mode: '${mode}', token, totalShards: 'auto', respawn: false })
        manager.on('shardCreate', (shard) => shard.once('death', () => done()))
        await manager.spawn()
      } else {
        const client = new Client({ intents })
        client.on('messageCreate', ({ content, channel }) => content === '!ping' && channel.send('pong').then(() => done(), failed))
        await client.login(token)
      }`,
      (program) => askedByGateway(lab, program),
    )
    expectProxyAlone(lab, reports, 2)
    expect(answers(lab)).toEqual(['!ping', 'pong'])
    const lookups = lab.discord.rest.requests.filter(({ route }) => route === '/gateway/bot')
    expect(lookups.length).toBeGreaterThan(1)
  },
)

test('an attachment of discord.js that is given by URL takes the proxy with the scope all', async () => {
  const lab = await startLab()
  const tls = await lab.ca.issue(['files.example'])
  await serve(
    lab,
    https.createServer(tls, (_request, response) => response.end('a file')),
    'files.example',
  )
  const code = `
    const { Client } = await import('discord.js')
    const client = new Client({ intents })
    client.on('clientReady', async () => {
      const channel = await client.channels.fetch(channelId)
      await channel.send({ content: 'a file', files: ['https://files.example/file.txt'] }).catch(failed)
      done()
    })
    await client.login(token)`
  const reports = await runBot(lab, code, undefined, { DISCORD_TRANSPORT_SCOPE: 'all' })
  expectProxyAlone(lab, reports)
  expect(lab.proxy.connections.map(({ target }) => target?.host)).toContain('files.example')
  const [file] = lab.discord.rest.requests.flatMap(({ files }) => files)
  expect(file).toMatchObject({ filename: 'file.txt', size: 6 })
})

test('the requests that Carbon sends around its requestOptions take the proxy with no line', async () => {
  const lab = await startLab()
  const reports = await runBot(
    lab,
    `
    const { Client, Webhook } = await import('@buape/carbon')
    const { LinkedRoles } = await import('@buape/carbon/linked-roles')
    const { ShardingPlugin } = await import('@buape/carbon/sharding')
    const linkedRoles = new LinkedRoles({ metadata: [], metadataCheckers: {} })
    const sharding = new ShardingPlugin({ intents })
    const client = new Client({
      token, clientId: applicationId, publicKey: 'none', baseUrl: 'http://localhost', clientSecret: 'secret',
      deploySecret: 'secret', disableDeployRoute: true,
    }, {}, [linkedRoles])
    // The lab has no such routes, and answers each with an error.
    await Promise.allSettled([
      linkedRoles.setMetadata([]),
      linkedRoles.getOAuthTokens('code'),
      new Webhook({ id: '1', token: 'webhook-token' }).fetch(),
      client.fetchWebhook({ id: '2', token: 'webhook-token' }),
    ])
    await sharding.registerClient(client)
    const timer = setInterval(() => sharding.shards.get(0).isConnected && done(clearInterval(timer)), 20)`,
    (program) => program.during(lab.discord.gateway.waitForIdentify()),
  )
  expectProxyAlone(lab, reports)
  const routes = lab.discord.rest.requests.map(({ method, route }) => `${method} ${route}`)
  expect(routes).toEqual(
    expect.arrayContaining([
      `PUT /applications/${lab.discord.user.id}/role-connections/metadata`,
      'POST /oauth2/token',
      'GET /webhooks/1',
      'GET /webhooks/2',
      'GET /gateway/bot',
    ]),
  )
})

/** A voice server of Discord up to READY, which names an address for UDP. */
async function startVoice(lab: Lab): Promise<void> {
  const server = https.createServer(await lab.ca.issue(['voice1.discord.media']))
  const voice = new WebSocketServer({ server })
  voice.on('connection', (socket) => {
    socket.send(JSON.stringify({ op: 8, d: { heartbeat_interval: 40_000 } }))
    socket.once('message', () => {
      const d = { ssrc: 1, ip: '127.0.0.1', port: 50_004, modes: ['aead_aes256_gcm_rtpsize'] }
      socket.send(JSON.stringify({ op: 2, d }))
    })
  })
  await serve(lab, server, 'voice1.discord.media')
}

test('the WebSocket of @discordjs/voice takes the proxy with no line, and its audio is refused', async () => {
  const lab = await startLab()
  await startVoice(lab)
  const reports = await runBot(
    lab,
    `
    const { joinVoiceChannel } = await import('@discordjs/voice')
    let gateway
    const connection = joinVoiceChannel({
      guildId: '1', channelId: '2', selfDeaf: true, selfMute: true, group: 'default', daveEncryption: false,
      adapterCreator: (methods) => {
        gateway = methods
        return { sendPayload: () => true, destroy: () => undefined }
      },
    })
    connection.on('error', ({ code, message }) => done({ code, message }))
    gateway.onVoiceStateUpdate({ guild_id: '1', channel_id: '2', user_id: applicationId, session_id: 'session', self_deaf: true, self_mute: true })
    gateway.onVoiceServerUpdate({ guild_id: '1', token: 'voice-token', endpoint: 'voice1.discord.media' })`,
  )
  expectProxyAlone(lab, reports)
  expect(reports[0]).toMatchObject({ code: 'ERR_ROUTE_REFUSED' })
  expect(lab.proxy.connections.map(({ target }) => target?.host)).toEqual(['voice1.discord.media'])
})
