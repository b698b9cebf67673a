import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build as esbuild } from 'esbuild'
import { build as tsup } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import webpack from 'webpack'
import { startLab } from '../support/lab.js'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A bot that sends one message by each proxy, and prints how each send ended. */
const BOT = `
import { createDiscordTransport } from 'discord-transport'

const { PROXIES = '', CA = '', TOKEN = '', CHANNEL = '' } = process.env

async function send(proxy) {
  const transport = createDiscordTransport({ proxy, tls: { ca: CA }, env: {} })
  try {
    const response = await transport.fetch(\`https://discord.com/api/v10/channels/\${CHANNEL}/messages\`, {
      method: 'POST',
      headers: { authorization: \`Bot \${TOKEN}\`, 'content-type': 'application/json' },
      body: JSON.stringify({ content: proxy }),
    })
    return String(response.status)
  } catch (error) {
    return error.message + ' ' + error.hint
  } finally {
    await transport.close()
  }
}

Promise.all(PROXIES.split(' ').map(send)).then((outcomes) => console.log(JSON.stringify(outcomes)))
`

/** Makes a bundle of the bot in a folder, as docs/bundlers.md says it. */
type Bundle = (bot: string, folder: string) => Promise<unknown>

const COMMON = { bundle: true, platform: 'node', target: 'node20', logLevel: 'error' } as const
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

const BUNDLERS: readonly (readonly [name: string, file: string, bundle: Bundle])[] = [
  [
    'esbuild, CommonJS',
    'bot.cjs',
    (bot, folder) =>
      esbuild({ ...COMMON, entryPoints: [bot], format: 'cjs', outfile: join(folder, 'bot.cjs') }),
  ],
  [
    'esbuild, an ES module',
    'bot.mjs',
    (bot, folder) =>
      esbuild({
        ...COMMON,
        entryPoints: [bot],
        format: 'esm',
        outfile: join(folder, 'bot.mjs'),
        banner: { js: REQUIRE },
      }),
  ],
  [
    'rollup',
    'bot.mjs',
    (bot, folder) => {
      const plugins = [
        'node-resolve={preferBuiltins:true,exportConditions:["node"]}',
        'commonjs={ignore:["node:sqlite"]}',
        'json',
      ].flatMap((plugin) => ['--plugin', plugin])
      const output = ['--format', 'es', '--inlineDynamicImports', '--file', join(folder, 'bot.mjs')]
      const command = join(ROOT, 'node_modules/rollup/dist/bin/rollup')
      return run(process.execPath, [command, bot, '--silent', ...plugins, ...output], { cwd: ROOT })
    },
  ],
  [
    'webpack',
    'bot.cjs',
    (bot, folder) =>
      new Promise<void>((resolve, reject) => {
        const compiler = webpack({
          mode: 'production',
          optimization: { minimize: false },
          target: 'node20',
          entry: bot,
          output: { path: folder, filename: 'bot.cjs', chunkFilename: '[id].cjs' },
        })
        compiler.run((error, stats) => {
          if (error !== null) reject(error)
          else if (stats?.hasErrors() === true)
            reject(new Error(stats.toString({ all: false, errors: true })))
          else compiler.close(() => resolve())
        })
      }),
  ],
  [
    'tsup',
    'bot.cjs',
    (bot, folder) =>
      tsup({
        entry: { bot },
        format: ['cjs'],
        target: 'node20',
        noExternal: [/.*/],
        outDir: folder,
        outExtension: () => ({ js: '.cjs' }),
        config: false,
        silent: true,
      }),
  ],
]

const PAC = (port: number): string =>
  `pac+data:,${encodeURIComponent(`function FindProxyForURL() { return 'PROXY 127.0.0.1:${port}' }`)}`

describe.each(BUNDLERS)('a bot that %s made into a bundle', { timeout: 60_000 }, (_name, file, bundle) => {
  let project: string

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'discord-transport-bundle-'))
    const sources = join(project, 'sources')
    await mkdir(join(sources, 'node_modules'), { recursive: true })
    await symlink(ROOT, join(sources, 'node_modules/discord-transport'), 'junction')
    await writeFile(join(sources, 'bot.mjs'), BOT)
    await bundle(join(sources, 'bot.mjs'), join(project, 'bundle'))
  }, 120_000)
  afterAll(() => rm(project, { recursive: true, force: true }))

  /** The outcomes of a bundle that was put into a folder of its own. */
  async function outcomes(
    folder: string,
    proxies: readonly string[],
    { discord, ca }: Awaited<ReturnType<typeof startLab>>,
  ): Promise<readonly string[]> {
    await cp(join(project, 'bundle'), folder, { recursive: true })
    const env = {
      PATH: process.env['PATH'],
      PROXIES: proxies.join(' '),
      CA: ca.certificate,
      TOKEN: discord.token,
      CHANNEL: discord.channelId,
    }
    const { stdout } = await run(process.execPath, [join(folder, file)], { cwd: folder, env })
    return JSON.parse(stdout) as string[]
  }

  it('sends by an HTTP proxy and by SOCKS5 with no package beside it, and says what PAC needs', async () => {
    const lab = await startLab()
    const socks = await lab.startProxy({ scheme: 'socks5' })
    const proxies = [lab.proxy.url, socks.url, PAC(lab.proxy.port)]
    const [byHttp, bySocks, byPac] = await outcomes(join(project, 'alone'), proxies, lab)
    expect([byHttp, bySocks]).toEqual(['200', '200'])
    expect(byPac).toMatch(/proxy-agent/)
  })

  it('sends by a PAC script where proxy-agent is installed beside it', async () => {
    const lab = await startLab()
    const folder = join(project, 'with-proxy-agent')
    await mkdir(join(folder, 'node_modules'), { recursive: true })
    await symlink(
      join(ROOT, 'node_modules/proxy-agent'),
      join(folder, 'node_modules/proxy-agent'),
      'junction',
    )
    expect(await outcomes(folder, [PAC(lab.proxy.port)], lab)).toEqual(['200'])
    expect(lab.proxy.connections.length).toBeGreaterThan(0)
  })
})
