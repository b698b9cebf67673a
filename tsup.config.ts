import { readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { defineConfig, type Options } from 'tsup'

const require = createRequire(import.meta.url)

/** One subpath for each framework, and for Redis: the name of its file in dist, and its source. */
const adapters = {
  carbon: 'src/adapters/carbon/index.ts',
  discordjs: 'src/adapters/discord.js/index.ts',
  dysnomia: 'src/adapters/dysnomia/index.ts',
  eris: 'src/adapters/eris/index.ts',
  oceanic: 'src/adapters/oceanic.js/index.ts',
  redis: 'src/fleet/index.ts',
  'slash-create': 'src/adapters/slash-create/index.ts',
}

/** Subpaths that are built together with the library, since they share more of it than its public face. */
const parts = {
  openclaw: 'src/openclaw/index.ts',
}

/** What users import: the source of its types. */
const entries = { index: 'src/index.ts', ...parts, ...adapters }

/**
 * Packages that become part of dist, with the files of their licences. Only what is used of them is loaded, and Node loads
 * the ES modules among them in a fifth of the time.
 */
const bundled = {
  zod: 'zod/LICENSE',
  json5: 'json5/LICENSE.md',
  // One repository and one licence: the fourth package holds no copy of it.
  'https-proxy-agent': 'https-proxy-agent/LICENSE',
  'socks-proxy-agent': 'https-proxy-agent/LICENSE',
  'agent-base': 'https-proxy-agent/LICENSE',
  'proxy-agent-negotiate': 'https-proxy-agent/LICENSE',
}

/**
 * Ends a Node that is too old before it reads code that it cannot read. It is written in ES5, and is CommonJS: Node
 * parses every ES module of a graph before it runs the first one.
 */
function nodeVersionCheck(range: string): string {
  const [, major, minor] = /^>=(\d+)\.(\d+)\.0$/.exec(range) ?? []
  if (major === undefined || minor === undefined) throw new Error(`cannot read engines.node: ${range}`)
  return `'use strict'
var version = process.versions.node.split('.').map(Number)
if (version[0] < ${major} || (version[0] === ${major} && version[1] < ${minor})) {
  process.stderr.write(
    'discord-transport needs Node ${major}.${minor} or newer, but this is Node ' + process.versions.node +
      ': install a newer one from https://nodejs.org/en/download\\n'
  )
  process.exit(1)
}
`
}

/** A CommonJS entry. It assigns each export by name, because \`import()\` sees only what is assigned like this. */
function commonJsEntry(file: string, names: readonly string[]): string {
  const assignments = names.map((name) => `exports.${name} = loaded.${name}\n`)
  return `'use strict'\nrequire('./node-version.cjs')\nvar loaded = require('${file}')\n${assignments.join('')}`
}

async function writeFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(`dist/${name}`, content)
}

/**
 * The library is CommonJS behind both entries: so one process never holds two copies, and the CommonJS packages
 * that it uses load in a third less time than from an ES module.
 */
async function writeLibraryEntries(): Promise<void> {
  const { engines } = JSON.parse(await readFile('package.json', 'utf8')) as { engines: { node: string } }
  const names = Object.keys(require('./dist/library.cjs') as object).sort()
  const licences = Object.entries(bundled).map(
    async ([name, file]) => `${name}\n\n${await readFile(`node_modules/${file}`, 'utf8')}`,
  )
  await writeFiles({
    'node-version.cjs': nodeVersionCheck(engines.node),
    'index.cjs': commonJsEntry('./library.cjs', names),
    'index.js': `export { ${names.join(', ')} } from './index.cjs'\n`,
    'register.cjs': "'use strict'\nrequire('./node-version.cjs')\nrequire('./preload.cjs')\n",
    'register.js': "import './register.cjs'\n",
    'register.d.ts': 'export {}\n',
    'register.d.cts': 'export {}\n',
    'cli.js': "#!/usr/bin/env node\nimport './node-version.cjs'\nimport './command.cjs'\n",
    'THIRD-PARTY-LICENSES.txt': (await Promise.all(licences)).join('\n\n'),
  })
  for (const part of Object.keys(parts)) {
    const exported = Object.keys(require(`./dist/${part}-library.cjs`) as object).sort()
    await writeFiles({
      [`${part}.cjs`]: commonJsEntry(`./${part}-library.cjs`, exported),
      [`${part}.js`]: `export { ${exported.join(', ')} } from './${part}.cjs'\n`,
    })
  }
}

async function writeAdapterEntries(): Promise<void> {
  for (const adapter of Object.keys(adapters)) {
    const code = await readFile(`dist/${adapter}.js`, 'utf8')
    const [, names = ''] = /export \{\s*([\w,\s]+?)\s*\};?\s*$/.exec(code) ?? []
    if (names === '') throw new Error(`dist/${adapter}.js exports nothing`)
    await writeFiles({ [`${adapter}.cjs`]: commonJsEntry(`./${adapter}.js`, names.split(/,\s*/)) })
  }
}

const common = { target: 'node20', splitting: true, treeshake: true } satisfies Options

/** Under Bun the bare name `undici` is a stub of Bun's own; the file inside of the package is undici itself. */
const realUndici: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'real-undici',
  setup: (build) =>
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici/index.js', external: true })),
}

/** How the library and the command are built; the tests of the command use it too. */
export const libraryBuild = {
  ...common,
  esbuildPlugins: [realUndici],
  format: ['cjs'],
  outExtension: () => ({ js: '.cjs' }),
  // tsup leaves the plugins only what it does not declare external itself.
  noExternal: [...Object.keys(bundled), 'undici'],
} satisfies Options

const library: Options = {
  ...libraryBuild,
  entry: {
    library: entries.index,
    command: 'src/cli/main.ts',
    ...Object.fromEntries(Object.entries(parts).map(([part, source]) => [`${part}-library`, source])),
    // A file of its own, which only the command and a register that ends the process load.
    chinese: 'src/messages/chinese/index.ts',
    preload: 'src/register/preload.ts',
    'register-transport': 'src/register/transport.ts',
  },
  onSuccess: writeLibraryEntries,
}

/** ES modules, as Carbon is: CommonJS could not load Carbon while an importing graph is loading it. */
const adapter: Options = {
  ...common,
  entry: adapters,
  format: ['esm'],
  banner: { js: "import './node-version.cjs'" },
  esbuildPlugins: [
    {
      name: 'public-face',
      setup: (build) =>
        build.onResolve({ filter: /^(?:\.\.\/)+index\.js$/ }, () => ({ path: './index.js', external: true })),
    },
  ],
  onSuccess: writeAdapterEntries,
}

/** The same declarations twice, so that ES modules and CommonJS each have types of their own kind. */
const declarations: Options = { entry: entries, format: ['esm', 'cjs'], dts: { only: true } }

export default defineConfig(async () => {
  await rm('dist', { recursive: true, force: true })
  return [library, adapter, declarations]
})
