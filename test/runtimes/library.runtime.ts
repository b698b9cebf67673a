import zlib from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installRuntimes, type OtherRuntimes } from '../../scripts/nodes/install-runtimes.js'
import type { LabScheme } from '../lab/proxy/index.js'
import { startLab } from '../support/lab.js'
import { Program } from '../support/processes/program.js'
import { createProject, type Project } from './project.js'

/** What a bot does with the library; a line of JSON at the end says how each step ended. */
const PROGRAM = `
import https from 'node:https'
import { WebSocket } from 'ws'
import { createDiscordTransport } from 'discord-transport'

const { DISCORD_BOT_TOKEN: token, DISCORD_CHANNEL_ID: channel, COMPRESSION: compression } = process.env
const url = 'https://discord.com/api/v10/users/@me'
const gatewayUrl = 'wss://gateway.discord.gg/?v=10&encoding=json'
const headers = { authorization: 'Bot ' + token }
const transport = createDiscordTransport()

const firstMessage = (socket) => new Promise((resolve, reject) => {
  socket.on('error', reject)
  socket.on('message', (data) => {
    socket.on('close', () => resolve(JSON.parse(String(data)).op))
    socket.close()
  })
})
const steps = {
  fetch: async () => (await (await transport.fetch(url, { headers })).json()).id !== undefined,
  'global Response': async () => (await transport.fetch(url, { headers })) instanceof Response,
  upload: async () => {
    const body = new FormData()
    body.append('files[0]', new Blob(['x'.repeat(200_000)]), 'file.txt')
    body.append('payload_json', '{"content":"from the program"}')
    const sent = await transport.fetch('https://discord.com/api/v10/channels/' + channel + '/messages', { method: 'POST', headers, body })
    return (await sent.json()).attachments[0].size
  },
  abort: async () => {
    const why = new Error('enough')
    return transport.fetch(url, { headers, signal: AbortSignal.abort(why) }).catch((error) => error === why)
  },
  agent: () => new Promise((resolve, reject) => {
    https.get(url, { agent: transport.agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    }).on('error', reject)
  }),
  createWebSocket: () => firstMessage(transport.createWebSocket(gatewayUrl)),
  ws: () => firstMessage(new WebSocket(gatewayUrl, { agent: transport.agent })),
  gateway: async () => {
    const gateway = transport.createGateway({ token, intents: 1 << 9 | 1 << 15, compression })
    const errors = []
    gateway.on('disconnected', ({ cause, reason }) => { if (cause !== 'requested') errors.push(reason) })
    let heard = 0
    const all = new Promise((resolve) => gateway.on('dispatch', ({ t }) => {
      if (t === 'MESSAGE_CREATE' && ++heard === 40) resolve()
    }))
    await gateway.connect()
    console.error('ready')
    await all
    await gateway.close()
    return errors
  },
}
const outcomes = {}
for (const [name, step] of Object.entries(steps))
  outcomes[name] = await step().catch((error) => String(error.stack ?? error))
await transport.close()
outcomes.closed = await transport.fetch(url).catch((error) => error.code)
outcomes.tunnels = transport.stats().tunnels.open
console.log(JSON.stringify(outcomes))
`

const EXPECTED = {
  fetch: true,
  'global Response': true,
  upload: 200_000,
  abort: true,
  agent: 200,
  createWebSocket: 10,
  ws: 10,
  gateway: [],
  closed: 'ERR_TRANSPORT_CLOSED',
  tunnels: 0,
}

/** The lab compresses as the Node that it runs in can. */
const BEST = 'createZstdCompress' in zlib ? 'zstd-stream' : 'none'

const CASES: readonly (readonly [keyof OtherRuntimes, LabScheme, string])[] = [
  ['bun', 'http', 'zlib-stream'],
  ['bun', 'socks5', BEST],
  ['deno', 'http', 'none'],
  ['deno', 'socks5', BEST],
]

describe('the library', () => {
  let project: Project
  let runtimes: OtherRuntimes

  beforeAll(async () => {
    runtimes = await installRuntimes()
    project = await createProject()
  })

  afterAll(() => project[Symbol.asyncDispose]())

  it.each(CASES)('works under %s through %s with %s', async (runtime, scheme, compression) => {
    const { discord, proxy } = await startLab({ scheme })
    const program = await Program.start({
      code: PROGRAM,
      proxy: proxy.url,
      discord,
      command: runtimes[runtime],
      project: project.folder,
      env: { COMPRESSION: compression, HOME: project.folder },
    })
    try {
      await program.printed('ready')
      for (let count = 0; count < 40; count += 1) discord.sayAs(discord.human, `message ${count}`)
      expect(await program.ended(), program.output).toBe(0)
      const lines = program.output.trim().split('\n')
      expect(JSON.parse(lines.at(-1) ?? '')).toEqual(EXPECTED)
      expect(proxy.connections.length).toBeGreaterThan(3)
    } finally {
      await program.kill()
    }
  })

  it('does not offer a compression under Deno that loses its dictionary there', async () => {
    const { discord, proxy } = await startLab()
    const program = await Program.start({
      code: `
        import { createDiscordTransport } from 'discord-transport'
        const transport = createDiscordTransport()
        try {
          transport.createGateway({ token: 'token', intents: 0, compression: 'zlib-stream' })
        } catch (error) {
          console.log(error.message)
        }`,
      proxy: proxy.url,
      discord,
      command: runtimes.deno,
      project: project.folder,
      env: { HOME: project.folder },
    })
    try {
      expect(await program.ended()).toBe(0)
      expect(program.output).toContain('compression')
    } finally {
      await program.kill()
    }
  })
})
