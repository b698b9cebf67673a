import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** On Windows npm is a script, which only a shell runs. */
function npm(args: readonly string[], cwd: string): Promise<{ readonly stdout: string }> {
  return run('npm', args, { cwd, shell: process.platform === 'win32' })
}

/** What a user of the package does with it, whichever way it was loaded. */
const USE = `
const transport = createDiscordTransport({ proxy: 'http://us:pw@127.0.0.1:9', connectTimeoutMs: 2000, env: {} })
transport.fetch('https://discord.com/').catch(async (error) => {
  console.log(JSON.stringify({ code: error.code, named: error instanceof TransportError, proxy: transport.proxy.url }))
  await transport.close()
})
`
const EXPECTED = { code: 'ERR_PROXY_UNREACHABLE', named: true, proxy: 'http://***:***@127.0.0.1:9' }

const TYPES = `
import { createDiscordTransport, TransportError, type DiscordTransport } from 'discord-transport'
const transport: DiscordTransport = createDiscordTransport({ proxy: 'socks5://127.0.0.1:1080' })
export const answer: Promise<Response> = transport.fetch('https://discord.com/api/v10/gateway', { method: 'GET' })
export const socket = transport.createWebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
socket.on('message', (data, isBinary) => void [data, isBinary])
export const code = (error: unknown) => (error instanceof TransportError ? error.code : undefined)
`

describe('the packed tarball', () => {
  let folder: string
  let project: string
  let tarball: string
  let files: readonly string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'discord-transport-'))
    project = join(folder, 'project')
    await mkdir(project)
    // Without prepack: the suite has built dist already.
    const pack = ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder]
    const { stdout } = await npm(pack, root)
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
    files = packed.files.map(({ path }) => path)
    await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true }')
    tarball = join(folder, packed.filename)
    await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], project)
  }, 120_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('holds what a user needs and nothing else', () => {
    const wanted =
      /^(?:dist\/|docs\/|examples\/|(?:package\.json|README(?:\.zh-CN)?\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md)$)/
    expect(files.filter((path) => !wanted.test(path))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/index.cjs',
        'dist/index.d.ts',
        'dist/index.d.cts',
        'dist/THIRD-PARTY-LICENSES.txt',
        'docs/configuration.md',
        'examples/README.md',
        'CHANGELOG.md',
      ]),
    )
    expect(files.filter((path) => path.endsWith('.map'))).toEqual([])
  })

  it('works with import', async () => {
    const file = join(project, 'use.mjs')
    await writeFile(file, `import { createDiscordTransport, TransportError } from 'discord-transport'${USE}`)
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: project })
    expect(JSON.parse(stdout)).toEqual(EXPECTED)
    expect(stderr).toBe('')
  })

  it('works with require', async () => {
    const file = join(project, 'use.cjs')
    await writeFile(
      file,
      `const { createDiscordTransport, TransportError } = require('discord-transport')${USE}`,
    )
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: project })
    expect(JSON.parse(stdout)).toEqual(EXPECTED)
    expect(stderr).toBe('')
  })

  it('is one copy, whichever way it is loaded', async () => {
    const file = join(project, 'both.mjs')
    await writeFile(
      file,
      `import * as esm from 'discord-transport'
       import { createRequire } from 'node:module'
       const cjs = createRequire(import.meta.url)('discord-transport')
       console.log(esm.createDiscordTransport === cjs.createDiscordTransport)`,
    )
    const { stdout } = await run(process.execPath, [file], { cwd: project })
    expect(stdout.trim()).toBe('true')
  })

  it('loads no PAC interpreter, no Carbon and no proxy agent before they are used', async () => {
    const file = join(project, 'lazy.cjs')
    await writeFile(
      file,
      `require('discord-transport')
       console.log(JSON.stringify(Object.keys(require.cache).filter((path) => /node_modules\\/(quickjs|pac-|@buape|[a-z]+-proxy-agent|proxy-agent|socks|commander)/.test(path))))`,
    )
    const { stdout } = await run(process.execPath, [file], { cwd: project })
    expect(JSON.parse(stdout)).toEqual([])
  })

  it.each(['mts', 'cts'])(
    'has types that a strict .%s file accepts',
    async (extension) => {
      await writeFile(join(project, `types.${extension}`), TYPES)
      const options = [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--types',
        'node',
      ]
      const types = ['--typeRoots', join(root, 'node_modules/@types')]
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const checked = run(
        process.execPath,
        [tsc, ...options, ...types, '--skipLibCheck', `types.${extension}`],
        { cwd: project },
      )
      await expect(
        checked.then(
          ({ stdout }) => stdout,
          (error: unknown) => (error as { stdout: string }).stdout,
        ),
      ).resolves.toBe('')
    },
    60_000,
  )

  it('passes publint', async () => {
    const publint = join(root, 'node_modules/publint/src/cli.js')
    const { stdout } = await run(process.execPath, [publint, '--strict', root])
    expect(stdout).toContain('All good!')
  }, 60_000)

  it('passes are-the-types-wrong', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { stdout } = await run(process.execPath, [attw, tarball, '--format', 'json', '--no-emoji'], {
      cwd: root,
    })
    const { analysis } = JSON.parse(stdout) as { analysis: { problems: unknown[] } }
    expect(analysis.problems).toEqual([])
  }, 60_000)
})
