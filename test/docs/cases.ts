import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { isInstalled } from '../../scripts/test-requirements.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'
import { RedisServer } from '../fleet/redis-server.js'
import { readPrograms } from './code-blocks.js'
import { GUIDE_CASES } from './guide-cases.js'
import { answersPing, startProgram, toItsEnd, whileItRuns, type BlockRun, type Case } from './run-block.js'

/** Starts a program that keeps its sessions, and asks it to end. */
async function keepSessions({ program }: BlockRun): Promise<readonly unknown[]> {
  await program.printed('connected')
  program.signal('SIGTERM')
  await program.ended()
  return JSON.parse(await readFile(join(program.directory, 'sessions.json'), 'utf8')) as unknown[]
}

/** The program finds a Redis of its own, or is left out, and says so, where none is installed. */
function withRedis(run: Case): Case {
  return async (block) => {
    if (!isInstalled('redis-server')) {
      if (process.env['CI'] === 'true') throw new Error('redis-server is not installed')
      console.log(`SKIPPED: ${block.name}: redis-server is not installed`)
      return
    }
    const redis = await RedisServer.start()
    try {
      // By its name: the proxy's address takes the place of those in the pages.
      const url = JSON.stringify(`redis://localhost:${redis.port}`)
      await run({ ...block, code: block.code.replaceAll('process.env.REDIS_URL', url) })
    } finally {
      await redis.close()
    }
  }
}

/** The program finds a gateway of OpenClaw, as its own configuration would say. */
function withOpenClaw(check: (run: BlockRun, gateway: FakeGateway) => Promise<void>): Case {
  return async (block) => {
    const gateway = await FakeGateway.start()
    try {
      const env = { OPENCLAW_GATEWAY_URL: gateway.url, OPENCLAW_GATEWAY_TOKEN: gateway.token }
      await whileItRuns((run) => check(run, gateway), { env })(block)
    } finally {
      await gateway.stop()
    }
  }
}

/** Each block of code in the documentation, by its page and its place there. */
export const CASES: Readonly<Record<string, Case>> = {
  ...GUIDE_CASES,

  'README.md 1': whileItRuns(
    async (run) => {
      await answersPing(run)
      expect(run.proxy.connections.length).toBeGreaterThan(1)
    },
    { scheme: 'socks5' },
  ),

  'docs/api.md 1': toItsEnd(({ program }) => {
    expect(program.output).toMatch(
      /^discord\.com:443 through http:\/\/127\.0\.0\.1:\d+ after \d+(?:\.\d+)? ms\n1 1 0 0 /,
    )
  }),

  'docs/delivery.md 1': toItsEnd(({ program }) => expect(program.output).toBe('')),

  'docs/errors.md 1': toItsEnd(
    ({ program }) => {
      const [message, hint] = program.output.split('\n')
      expect(message).toMatch(
        /^The proxy http:\/\/127\.0\.0\.1:\d+ refused a tunnel to discord\.com:443 \(403 /,
      )
      expect(hint).toMatch(/^The answer is the proxy's, not Discord's: its policy must allow CONNECT to /)
    },
    { before: (proxy) => (proxy.fault = { kind: 'status', status: 403 }) },
  ),

  'docs/fleet.md 1': withRedis(
    whileItRuns(async ({ discord, program }) => {
      await program.during(discord.gateway.waitForIdentify())
      await program.printed('READY 0')
      program.signal('SIGTERM')
      expect(await program.ended()).toBe(0)
    }),
  ),

  'docs/frameworks/carbon.md 1': whileItRuns(async ({ discord, program }) => {
    // The second shard identifies five seconds after the first.
    await program.during(discord.gateway.waitForIdentify())
    await program.during(discord.gateway.waitForIdentify({ nth: 2 }))
    const shards = discord.gateway.identifies.map(({ session }) => session.shard)
    expect(shards).toEqual([
      [0, 2],
      [1, 2],
    ])
  }),

  'docs/frameworks/carbon.md 2': withRedis(
    whileItRuns(async ({ discord, program }) => {
      await program.during(discord.gateway.waitForIdentify({ timeoutMs: 20_000 }))
      program.signal('SIGTERM')
      expect(await program.ended()).toBe(0)
      expect(discord.gateway.sessions).toHaveLength(1)
    }),
  ),

  'docs/frameworks/discordjs.md 1': whileItRuns(async ({ discord, program }) => {
    await program.during(discord.gateway.waitForIdentify())
    const file = { filename: 'question.txt', content: Buffer.from('a file') }
    discord.sayAs(discord.human, '!ping', { attachments: [file] })
    const { files } = await program.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
    expect(files.map(({ bytes }) => bytes?.toString())).toEqual(['a file'])
    expect(discord.messages.in(discord.channelId).map(({ content }) => content)).toEqual(['!ping', 'pong'])
    expect(program.output).toBe('')
  }),

  'docs/frameworks/discordjs.md 2': whileItRuns(answersPing),

  'docs/frameworks/discordjs.md 3': toItsEnd(({ discord, program }) => {
    const [sent] = discord.messages.in(discord.channelId)
    expect(sent).toMatchObject({
      content: 'sent through the proxy',
      attachments: [{ filename: 'hello.txt' }],
    })
    expect(program.output).toBe('')
  }),

  'docs/frameworks/discordjs.md 4': withRedis(
    whileItRuns(async ({ discord, program }) => {
      await program.printed('shard 0 is ready')
      program.signal('SIGTERM')
      expect(await program.ended()).toBe(0)
      expect(discord.gateway.sessions).toEqual([])
    }),
  ),

  // Eris and Dysnomia.
  'docs/frameworks/oceanic-eris-dysnomia.md 1': whileItRuns(answersPing),
  'docs/frameworks/oceanic-eris-dysnomia.md 2': whileItRuns(answersPing),

  'docs/frameworks/other-clients.md 1': whileItRuns(async ({ discord, program }) => {
    await program.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
    expect(discord.messages.in(discord.channelId)).toMatchObject([{ content: 'sent through the proxy' }])
    expect(program.output).toBe('')
  }),

  'docs/frameworks/other-clients.md 2': whileItRuns(async ({ program }) => {
    await program.printed('"op":10')
  }),

  'docs/frameworks/other-clients.md 3': toItsEnd(({ discord, program }) => {
    expect(discord.rest.requests.map(({ path }) => path)).toHaveLength(3)
    expect(program.output.trim().split('\n')).toEqual(['200', '200', '200'])
  }),

  'docs/proxy-list.md 1': toItsEnd(({ program, proxy }) => {
    expect(program.output.trim().split('\n')).toEqual([
      `200 through ${proxy.url}`,
      'the proxy option is set; proxy 1 of 2',
    ])
  }),

  'docs/process.md 1': toItsEnd(({ program, proxy }) => {
    expect(program.output).toBe('200 it is outside the scope\n')
    expect(proxy.connections).toHaveLength(1)
  }),

  'docs/gateway.md 1': whileItRuns(async ({ discord, program }) => {
    await program.during(discord.gateway.waitForIdentify())
    discord.sayAs(discord.human, 'hello')
    await program.printed(`${discord.human.username} wrote`)
  }),

  'docs/gateway.md 2': whileItRuns(async (run) => {
    expect(await keepSessions(run)).toMatchObject([{ sequence: expect.any(Number) as number }])
  }),

  'docs/gateway.md 3': async (block) => {
    const first = (await readPrograms()).find(({ name }) => name === 'docs/gateway.md 2')
    if (first === undefined) throw new Error('the block that keeps the sessions stands before this one')
    await whileItRuns(async (run) => {
      await keepSessions(run)
      const second = await startProgram(block, run, { cwd: run.program.directory })
      try {
        await second.printed('resumed')
        expect(run.discord.gateway.identifies).toHaveLength(1)
      } finally {
        await second.kill()
      }
    })(first)
  },

  'docs/gateway.md 4': toItsEnd(({ discord, program }) => {
    expect(program.output.trim().split('\n')).toEqual(['shard 0 is ready', '0 sessions are left'])
    expect(discord.rest.requests).toEqual([])
  }),

  'docs/openclaw.md 1': whileItRuns(async ({ discord, program }) => {
    await program.during(discord.gateway.waitForIdentify())
    await program.printed('is ready')
    // No home directory of a test has a configuration.
    expect(program.output).toContain('There is no configuration at')
  }),

  'docs/openclaw-client.md 1': withOpenClaw(async ({ program, proxy }) => {
    expect(await program.ended()).toBe(0)
    expect(program.output.trim().split('\n')).toEqual(['agent:main:main done', 'Echo: What is new?'])
    expect(proxy.connections).toEqual([])
  }),

  'docs/openclaw-client.md 2': withOpenClaw(async ({ program }, gateway) => {
    await program.printed('watching')
    const sent = { sessionKey: 'main', message: 'hello', idempotencyKey: 'a-key-of-the-test' }
    gateway.state.call('chat.send', sent, {
      hasDevice: false,
      subscribe: () => undefined,
      later: () => undefined,
    })
    await program.printed('agent:main:main Echo: hello')
    await gateway.restart()
    await program.printed('the gateway began anew')
    program.signal('SIGTERM')
    expect(await program.ended()).toBe(0)
  }),
}
