import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { installNode } from '../../scripts/nodes/install-node.js'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
const dist = (name: string): string => join(ROOT, 'dist', name)
const distUrl = (name: string): string => pathToFileURL(dist(name)).href

const NAMES = ['GatewayError', 'TransportError', 'createDiscordTransport', 'validateProxy']
const CARBON_NAMES = ['ProxyGatewayPlugin', 'ProxyRequestClient', 'ProxyShardingPlugin', 'onTransport']

/** Code that waits until a file has been compiled whose path ends with `file`. */
const compiled = (file: string): string => `
  await new Promise((resolve) => {
    const session = new Session()
    session.connect()
    session.on('Debugger.scriptParsed', ({ params: { url } }) => {
      if (!url.endsWith(${JSON.stringify(file)})) return
      session.disconnect()
      resolve()
    })
    session.post('Debugger.enable')
  })`

/**
 * Prints the packages and the own files that the process has compiled after it imported `url`.
 *
 * @param then code that runs with what was imported as `loaded`
 */
const listLoaded = (url: string, then: string): string => `
  import { Session } from 'node:inspector'
  const loaded = await import(${JSON.stringify(url)})
  ${then}
  const urls = []
  const session = new Session()
  session.connect()
  session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url))
  session.post('Debugger.enable')
  session.disconnect()
  const matches = (pattern) => [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort()
  console.log(JSON.stringify({
    packages: matches(/.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//),
    sources: matches(/\\/src\\/((?:\\w+\\/)*[\\w-]+\\.ts)/),
    files: matches(/\\/dist\\/([^/]+\\.c?js)$/),
  }))`

async function loadedBy(
  url: string,
  nodeOptions: readonly string[] = [],
  then = '',
): Promise<Readonly<Record<'packages' | 'sources' | 'files', readonly string[]>>> {
  const args = [...nodeOptions, '--input-type=module', '-e', listLoaded(url, then)]
  const { stdout } = await run(process.execPath, args, { cwd: ROOT })
  return JSON.parse(stdout) as Awaited<ReturnType<typeof loadedBy>>
}

/** The text of each script of dist, by its name. */
async function scripts(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(join(ROOT, 'dist'))).filter((name) => /\.c?js$/.test(name))
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(dist(name), 'utf8')] as const)),
  )
}

/** The one file of dist that declares a class. */
async function fileOf(declared: string): Promise<string> {
  const [file, ...others] = [...(await scripts())].filter(([, text]) =>
    text.includes(`var ${declared} = class`),
  )
  expect(others).toEqual([])
  return file?.[0] ?? expect.unreachable(`no file of dist declares ${declared}`)
}

describe('importing the package', () => {
  test.each(['index.js', 'index.cjs'])('by %s loads undici and ws, and no other package', async (entry) => {
    const { packages } = await loadedBy(distUrl(entry))
    expect(packages).toEqual(['undici', 'ws'])
  })

  test.each([
    ['http', 'HttpsProxyAgent', 'SocksProxyAgent'],
    ['socks5', 'SocksProxyAgent', 'HttpsProxyAgent'],
  ])(
    'a transport with a proxy of %s begins to load %s as soon as it is created, from one file of dist, and never %s',
    async (scheme, wanted, other) => {
      const creating = `loaded.createDiscordTransport({ proxy: '${scheme}://127.0.0.1:9', env: {} })`
      const file = await fileOf(wanted)
      const then = `${creating}\n${compiled(`/dist/${file}`)}\nawait new Promise(setImmediate)`
      const { packages, files } = await loadedBy(distUrl('index.js'), [], then)
      expect(files).toContain(file)
      expect(files).not.toContain(await fileOf(other))
      expect(packages.filter((name) => /agent|^socks$/.test(name))).toEqual(
        scheme === 'http' ? [] : ['socks'],
      )
    },
  )

  test.each(['openclaw.js', 'openclaw.cjs'])(
    'by %s loads no package, and a client of a gateway on this host loads ws alone, without zod',
    async (entry) => {
      expect((await loadedBy(distUrl(entry))).packages).toEqual([])
      // Port 9 of this host: whether it answers or refuses, everything for a connection has been loaded by then.
      const connecting = `
        const client = new loaded.OpenClawGatewayClient({ url: 'ws://127.0.0.1:9', env: {}, reconnect: false })
        await client.connect({ timeoutMs: 5_000 }).catch(() => client.disconnect())`
      const { packages, files } = await loadedBy(distUrl(entry), [], connecting)
      expect(packages).toEqual(['ws'])
      expect(files.length).toBeGreaterThan(5)
      const texts = await Promise.all(files.map((name) => readFile(dist(name), 'utf8')))
      expect(texts.filter((text) => text.includes('ZodError'))).toEqual([])
    },
  )

  test('loads no source of the doctor, the command, PAC, SOCKS or an adapter', async () => {
    const { sources } = await loadedBy(pathToFileURL(join(ROOT, 'src/index.ts')).href, ['--import', 'tsx'])
    expect(sources).toEqual(expect.arrayContaining(['index.ts', 'transport.ts', 'tunnel/route.ts']))
    const onDemand = /^(?:doctor|cli|adapters|openclaw|tunnel\/pac|tunnel\/socks)\//
    expect(sources.filter((source) => onDemand.test(source))).toEqual([])
  })
})

describe('dist', () => {
  it('holds of zod only what is used: `import * as z` everywhere, and no translation of its messages', async () => {
    // Of zod's Polish and Japanese messages.
    const translated = [...(await scripts()).values()].filter((text) => /Nieprawidłow|無効な/.test(text))
    expect(translated).toEqual([])
  })

  it('has the licence of each package that became part of it', async () => {
    const notice = (await readFile(dist('THIRD-PARTY-LICENSES.txt'), 'utf8')).split('\n')
    const texts = [...(await scripts()).values()].join('\n')
    const holds = [...texts.matchAll(/^\s*\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(
      ([, name]) => name,
    )
    expect(holds).toEqual(expect.arrayContaining(['zod', 'json5', 'https-proxy-agent', 'agent-base']))
    expect(holds.filter((name) => name === undefined || !notice.includes(name))).toEqual([])
  })

  it('requires only what the package depends on', async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Readonly<
      Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>>>
    >
    // https-proxy-agent has it for Negotiate, which is never asked for here.
    const allowed = { ...manifest.dependencies, ...manifest.peerDependencies, kerberos: 'never loaded' }
    const texts = [...(await scripts()).values()].join('\n')
    const naming =
      /(?:\b(?:require|import)\(|^(?:import|export) .* from )['"]((?:@[\w.-]+\/)?[a-z][\w.:-]*)[\w./-]*['"](?:\)|;?$)/gm
    const required = [...texts.matchAll(naming)]
      .flatMap(([, name]) => name ?? [])
      .filter((name) => !isBuiltin(name))
    expect(required).toEqual(expect.arrayContaining(['undici', 'ws', 'socks', 'debug', '@buape/carbon']))
    expect([...new Set(required)].filter((name) => !(name in allowed))).toEqual([])
  })
})

describe('the named exports', () => {
  test.each([
    ['index.js', NAMES],
    ['index.cjs', NAMES],
    ['carbon.js', CARBON_NAMES],
    ['carbon.cjs', CARBON_NAMES],
  ])('of %s are visible to import() by path', async (entry, expected) => {
    const code = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(distUrl(entry))}))))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT })
    const names = (JSON.parse(stdout) as string[]).filter(
      (name) => !['default', 'module.exports'].includes(name),
    )
    expect(names).toEqual(expected)
  })

  test.each(['index', 'carbon'])('of %s are one copy for import and require', async (entry) => {
    const code = `
      import * as imported from ${JSON.stringify(distUrl(`${entry}.js`))}
      import { createRequire } from 'node:module'
      const required = createRequire(${JSON.stringify(distUrl('index.js'))})('./${entry}.cjs')
      console.log(Object.keys(required).every((name) => required[name] === imported[name]))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT })
    expect(stdout.trim()).toBe('true')
  })
})

describe('the subpaths of the package', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>
  }
  const subpaths = Object.keys(exports).filter(
    (name) => !['.', './package.json', './register'].includes(name),
  )
  const parts = ['./openclaw', './redis']

  test('have an adapter for each framework', () => {
    const all = ['./carbon', './discord.js', './dysnomia', './eris', './oceanic.js', './slash-create']
    expect(subpaths.filter((name) => !parts.includes(name))).toEqual(all)
  })

  test.each(subpaths)('%s has the same functions for import and require', async (subpath) => {
    const name = JSON.stringify(subpath.replace('.', 'discord-transport'))
    const code = `
      import * as imported from ${name}
      import { createRequire } from 'node:module'
      const required = createRequire(${JSON.stringify(distUrl('index.js'))})(${name})
      const names = Object.keys(required)
      console.log(names.length > 0 && names.every((name) => required[name] === imported[name]))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT })
    expect(stdout.trim()).toBe('true')
  })
})

describe('a Node below engines', () => {
  let node: string
  let version: string

  beforeAll(async () => {
    const installed = await installNode('18')
    node = installed.path
    version = installed.version
  }, 120_000)

  const importing = (entry: string): string[] => [
    '--input-type=module',
    '-e',
    `import * as all from ${JSON.stringify(distUrl(entry))}; console.log(all)`,
  ]

  test.each([
    ['import', importing('index.js')],
    ['require', ['-e', `require(${JSON.stringify(dist('index.cjs'))})`]],
    ["import of Carbon's adapter", importing('carbon.js')],
    ["require of Carbon's adapter", ['-e', `require(${JSON.stringify(dist('carbon.cjs'))})`]],
    ['the command', [dist('cli.js'), 'doctor']],
  ])('ends with one line that says what is needed: %s', async (_form, args) => {
    const ended = await run(node, args, { cwd: ROOT }).then(
      () => undefined,
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    )
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended?.stderr).toBe(
      `discord-transport needs Node 20.19 or newer, but this is Node ${version}: ` +
        'install a newer one from https://nodejs.org/en/download\n',
    )
  })
})
