import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { missingPrograms, requireRealProxies } from '../real/installed.js'
import { REAL_PROXIES, startRealProxy } from '../real/proxies/index.js'
import { EXTERNAL_ADDRESS } from './network.js'
import { openSealedSite, type SealedSite } from './sealed-site.js'

const PRELOAD = join(import.meta.dirname, '../../dist/register.js')
const BOT = join(import.meta.dirname, 'zero-line-bot.mjs')
const FILE_BYTES = 256 * 1024

/** A scheme with the names in CONNECT, and one with them in SOCKS5; both with a password. */
const PROXIES = ['squid, Basic', 'v2ray, SOCKS5']

interface StartedBot {
  readonly output: () => string
  /** Its exit code; rejects nothing. */
  readonly ended: Promise<unknown>
}

/** Starts the bot in its namespace, with nothing but variables. */
async function startBot(
  { network, proxies, outside }: SealedSite,
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = ['--import', PRELOAD],
): Promise<StartedBot> {
  const { token, ca } = await outside.call('facts', null)
  const caFile = join(proxies.directory, 'discord-ca.pem')
  await writeFile(caFile, ca)
  const [program = '', ...args] = network.within('bot', [process.execPath, ...flags, BOT])
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: caFile, DISCORD_BOT_TOKEN: token, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { output: () => output, ended }
}

async function openSite(): Promise<SealedSite> {
  if (!existsSync(PRELOAD)) throw new Error('nothing is built: npm run build comes first')
  const site = await openSealedSite()
  onTestFinished(() => site[Symbol.asyncDispose]())
  return site
}

describe('a bot of discord.js without a line of this package, where only a proxy can be reached', () => {
  for (const name of PROXIES) {
    const proxy = REAL_PROXIES.find((one) => one.name === name)
    if (proxy === undefined) throw new Error(`no proxy ${name}`)
    const missing = missingPrograms([...proxy.programs, 'nft', 'ip'])
    const skip = missing.length > 0 && !requireRealProxies
    const note = skip ? ` (not installed: ${missing.join(', ')})` : ''

    it.skipIf(skip)(
      `answers, downloads and uploads by ${name}: no packet but to the proxy${note}`,
      async () => {
        const site = await openSite()
        const running = await startRealProxy(proxy, site.proxies)
        onTestFinished(() => running.stop())
        const { url } = running.under
        site.network.allowProxy(Number(new URL(url).port))
        const bot = await startBot(site, { OPENCLAW_PROXY_URL: url })
        const { outside } = site
        const during = <T>(event: Promise<T>): Promise<T> =>
          Promise.race([event, bot.ended.then(() => Promise.reject(new Error(bot.output())))])

        await during(outside.call('waitForIdentify', 1))
        await outside.call('say', { content: 'hello' })
        await during(outside.call('waitForMessage', 'reply to hello, 200'))
        const sha256 = await outside.call('say', { content: 'take this', withFile: FILE_BYTES })
        const answer = await during(outside.call('waitForMessage', sha256))
        expect(answer.files).toEqual([{ name: 'returned.bin', sha256 }])

        expect(bot.output()).toBe('')
        expect(site.network.packets()).toMatchObject({ stray: 0, dns: 0 })
        expect(site.network.packets().proxy).toBeGreaterThan(30)
        expect(await outside.call('queriedBy', null)).toEqual([EXTERNAL_ADDRESS])
      },
    )
  }

  it.skipIf(missingPrograms(['nft', 'ip']).length > 0 && !requireRealProxies)(
    'is seen to ask for names without the preload',
    async () => {
      const site = await openSite()
      const bot = await startBot(site, { OPENCLAW_PROXY_URL: 'http://10.203.1.1:3128' }, [])
      await bot.ended
      expect(bot.output()).toMatch(/EAI_AGAIN|ENOTFOUND|fetch failed/)
      expect(site.network.packets().dns).toBeGreaterThan(0)
    },
  )
})
