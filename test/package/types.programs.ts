import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FULL } from '../support/matrix.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

const LIBRARIES = [
  '@discordjs/core',
  '@discordjs/rest',
  '@discordjs/ws',
  '@projectdysnomia/dysnomia',
  '@sapphire/framework',
  '@types/node',
  'discord.js',
  'discordjs-ws-1',
  'discordx',
  'eris',
  'oceanic.js',
  'slash-create',
]

const ADAPTERS = `
import { Client as DiscordClient, GatewayIntentBits } from 'discord.js'
import { Client as DiscordxClient } from 'discordx'
import { REST } from '@discordjs/rest'
import { WebSocketManager } from '@discordjs/ws'
import { WebSocketManager as WebSocketManager1 } from 'discordjs-ws-1'
import { Client as DysnomiaClient } from '@projectdysnomia/dysnomia'
import { Client as ErisClient } from 'eris'
import { Client as OceanicClient } from 'oceanic.js'
import { SlashCreator } from 'slash-create'
import { createDiscordTransport } from 'discord-transport'
import { clientOptions as discordJs, restOptions, webSocketManagerOptions } from 'discord-transport/discord.js'
import { clientOptions as dysnomia } from 'discord-transport/dysnomia'
import { clientOptions as eris } from 'discord-transport/eris'
import { clientOptions as oceanic } from 'discord-transport/oceanic.js'
import { clientOptions as slashCreate } from 'discord-transport/slash-create'

const transport = createDiscordTransport()
const token = ''
const intents = [GatewayIntentBits.Guilds]
const client = new DiscordClient(discordJs(transport, { intents, gatewayReadyTimeoutMs: 1 }))
new DiscordxClient(discordJs(transport, { intents, botGuilds: ['1'], silent: true }))
const rest = new REST(restOptions(transport, { timeout: 1 }))
const managed = { token, intents: GatewayIntentBits.Guilds, rest }
new WebSocketManager(webSocketManagerOptions(transport, { ...managed, shardCount: 1 }))
new WebSocketManager(webSocketManagerOptions(transport, managed))
new WebSocketManager1(webSocketManagerOptions(transport, managed))
new DysnomiaClient(token, dysnomia(transport, { gateway: { intents: ['guilds'] } }))
new ErisClient(token, eris(transport, { intents: ['guilds'] }))
new OceanicClient(oceanic(transport, { auth: token }))
new SlashCreator(slashCreate(transport, { applicationID: '1' }))

export const user: string | undefined = client.user?.id
// @ts-expect-error -- an option that discord.js does not have
discordJs(transport, { intents, intent: 1 })
// @ts-expect-error -- an option that Eris does not have
eris(transport, { intents: ['guilds'], intent: 1 })
`

/** Its types extend those of discord.js everywhere, so it has a program of its own. */
const SAPPHIRE = `
import { SapphireClient } from '@sapphire/framework'
import { createDiscordTransport } from 'discord-transport'
import { clientOptions } from 'discord-transport/discord.js'

export const client = new SapphireClient(
  clientOptions(createDiscordTransport(), { intents: [], baseUserDirectory: null, caseInsensitiveCommands: true }),
)
`

const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' }
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' }
const NODE10 = { module: 'commonjs', moduleResolution: 'node10' }
const DOM = ['es2023', 'dom', 'dom.iterable']
const WITHOUT_DOM = ['es2023']

describe('the types of the adapters', () => {
  let project: string

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'discord-transport-types-'))
    const link = async (name: string, target: string): Promise<void> => {
      const path = join(project, 'node_modules', name)
      await mkdir(dirname(path), { recursive: true })
      await symlink(target, path, 'junction')
    }
    await link('discord-transport', root)
    for (const name of LIBRARIES) await link(name, join(root, 'node_modules', name))
    for (const extension of ['ts', 'mts']) {
      await writeFile(join(project, `adapters.${extension}`), ADAPTERS)
      await writeFile(join(project, `sapphire.${extension}`), SAPPHIRE)
    }
  })

  afterAll(() => rm(project, { recursive: true, force: true }))

  async function errorsOf(
    compiler: string,
    program: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const extension = options['module'] === 'nodenext' ? 'mts' : 'ts'
    const config = `${compiler}-${program}-${String(options['module'])}.json`
    const common = { noEmit: true, strict: true, skipLibCheck: true, target: 'es2023', types: ['node'] }
    const compilerOptions = { ...common, ...options }
    const files = [`${program}.${extension}`]
    await writeFile(join(project, config), JSON.stringify({ compilerOptions, files }))
    const tsc = join(root, 'node_modules', compiler, 'bin/tsc')
    return run(process.execPath, [tsc, '-p', config], { cwd: project }).then(
      ({ stdout }) => stdout,
      (error: unknown) => (error as { stdout: string }).stdout,
    )
  }

  /** 5.9 and 6.0 take five times as long as 7.0. tarball.programs.ts has 5.9 with NodeNext. */
  const WHOLE = [
    ['typescript', 'with the DOM', { ...NODENEXT, lib: DOM }],
    ['typescript', 'without the DOM', { ...BUNDLER, lib: WITHOUT_DOM }],
    ['typescript-6', 'without the DOM', { ...NODENEXT, lib: WITHOUT_DOM }],
    ['typescript-6', 'without the DOM', { ...NODE10, lib: WITHOUT_DOM, ignoreDeprecations: '6.0' }],
  ] as const

  it.each([
    ['typescript', 'with the DOM', { ...NODE10, lib: DOM }],
    ['typescript-6', 'with the DOM', { ...BUNDLER, lib: DOM }],
    ['typescript-7', 'with the DOM', { ...NODENEXT, lib: DOM }],
    ['typescript-7', 'without the DOM', { ...BUNDLER, lib: WITHOUT_DOM }],
    ...(FULL ? WHOLE : []),
  ] as const)('compile in %s %s: %j', { timeout: 90_000 }, async (compiler, _dom, options) => {
    expect(await errorsOf(compiler, 'adapters', options)).toBe('')
  })

  it.each(FULL ? ['typescript', 'typescript-6', 'typescript-7'] : ['typescript-7'])(
    'take the options of @sapphire/framework in %s',
    { timeout: 90_000 },
    async (compiler) => {
      expect(await errorsOf(compiler, 'sapphire', { ...NODENEXT, lib: DOM })).toBe('')
    },
  )
})
