import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { startDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy } from '../lab/proxy/index.js'
import { FULL } from '../support/matrix.js'
import { compiled } from '../support/processes/compiled.js'

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const DEMO = new URL('../../examples/demo/main.ts', import.meta.url)

/** The demo, compiled, with nothing in the environment that could name a proxy. */
async function demo(env: Record<string, string>, ...args: string[]): Promise<Run> {
  const main = await compiled(DEMO, new URL('bot.ts', DEMO))
  return run([main, ...args], env)
}

/** By tsx, as `npm run demo` does it. */
function demoByTsx(env: Record<string, string>): Promise<Run> {
  return run([createRequire(import.meta.url).resolve('tsx/cli'), fileURLToPath(DEMO)], env)
}

function run(command: readonly string[], env: Record<string, string>): Promise<Run> {
  const options = {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env['PATH'], ...env },
    timeout: 40_000,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

const PASSED = 'Everything went through the proxy, and nothing around it.'

describe('npm run demo', () => {
  /** e2e/ has every scheme. */
  const schemes = FULL ? ['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h', 'pac'] : ['https', 'pac']

  it.concurrent.each(schemes)(
    'shows a bot behind a proxy of scheme %s, and exits 0',
    async (scheme) => {
      const { code, stdout, stderr } = await demo({ PROXY_SCHEME: scheme })
      expect(stdout + stderr).toContain(PASSED)
      expect(code).toBe(0)
      expect(stdout).not.toContain('✗')
      expect(stdout).not.toContain('\u001b')
      const widest = Math.max(...stdout.split('\n').map((line) => line.length))
      expect(widest).toBeLessThanOrEqual(80)
      expect(stdout).not.toContain('p@ss')
    },
    60_000,
  )

  it('uses an http proxy when PROXY_SCHEME is blank, and runs without being compiled first', async () => {
    const { code, stdout } = await demoByTsx({ PROXY_SCHEME: ' ' })
    expect(stdout).toContain('behind a proxy of scheme http,')
    expect(code).toBe(0)
  }, 60_000)

  it('rejects an unknown scheme with exit code 2, and lists the schemes that it knows', async () => {
    const { code, stderr } = await demo({ PROXY_SCHEME: 'gopher' })
    expect(code).toBe(2)
    expect(stderr).toContain('http, https, socks4, socks4a, socks5, socks5h, pac')
  })
})

describe('npm run demo -- --live', () => {
  it('does the same by the proxy of the environment, in a channel of the user', async () => {
    const names = new LabNames()
    await using discord = await startDiscord({ names })
    await using proxy = await startProxy({
      scheme: 'socks5',
      names,
      auth: { username: 'u', password: 'p@ss' },
    })
    const directory = await mkdtemp(join(tmpdir(), 'discord-transport-'))
    try {
      await writeFile(join(directory, 'ca.pem'), discord.ca)
      const { code, stdout, stderr } = await demo(
        {
          ALL_PROXY: proxy.url.replace('socks5:', 'socks5h:'),
          NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
          DISCORD_BOT_TOKEN: discord.token,
          DISCORD_CHANNEL_ID: discord.channelId,
        },
        '--live',
      )
      expect(stdout + stderr).toContain(PASSED)
      expect(code).toBe(0)
      expect(stdout).toContain('(from ALL_PROXY)')
      expect(stdout + stderr).not.toContain('p@ss')
      const written = discord.messages.in(discord.channelId).map(({ content }) => content)
      expect(written).toEqual(['!ping', 'pong, edited', 'a file'])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }, 60_000)

  it.each([
    ['a token', {}, 'DISCORD_BOT_TOKEN is not set'],
    ['a token that is one', { DISCORD_BOT_TOKEN: 'hunter2' }, 'does not look like the token of a bot'],
    ['a channel', { DISCORD_BOT_TOKEN: 'MTIz.b.c' }, 'DISCORD_CHANNEL_ID is not set'],
    ['a proxy', { DISCORD_BOT_TOKEN: 'MTIz.b.c', DISCORD_CHANNEL_ID: '1' }, 'OPENCLAW_PROXY_URL'],
  ])('names what is missing: %s', async (_, env, message) => {
    const { code, stderr } = await demo(env, '--live')
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })

  it('ends with the error of a proxy that refuses', async () => {
    const names = new LabNames()
    await using proxy = await startProxy({ scheme: 'http', names, fault: { kind: 'status', status: 403 } })
    const { code, stderr } = await demo(
      { HTTPS_PROXY: proxy.url, DISCORD_BOT_TOKEN: 'MTIz.b.c', DISCORD_CHANNEL_ID: '1' },
      '--live',
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/proxy .* refused a tunnel to discord\.com:443 \(403/)
    expect(stderr).toContain("The answer is the proxy's, not Discord's")
  })
})
