import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tsconfig from '../../../tsconfig.json' with { type: 'json' }
import { buildFolder, onceForAllFiles } from './compiled.js'

/** The package and its command, built as they are published. */
export interface BuiltPackage {
  /** It has a package.json: a program below this folder imports the package by its name, as its user does. */
  readonly folder: string
  /** The file of the command. */
  readonly command: string
  /** The files of `discord-transport/register`. */
  readonly register: { readonly import: string; readonly require: string }
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Each subpath of the package, by the name of its entry. */
const entries = new Map(
  Object.entries(tsconfig.compilerOptions.paths).map(([name, [source = '']]) => [
    name.replace(/^discord-transport\/?/, '') || 'index',
    { subpath: name.replace(/^discord-transport/, '.'), source },
  ]),
)

/**
 * Builds the package once for one run of vitest: in the first test file that needs it. `npm run test:nodes` has installed
 * it instead.
 */
export async function builtPackage(): Promise<BuiltPackage> {
  const project = process.env['SUBJECT_DIRECTORY']
  if (project !== undefined) return installedPackage(project)
  const folder = buildFolder()
  await onceForAllFiles(folder, () => buildInto(folder))
  const register = { import: join(folder, 'register.mjs'), require: join(folder, 'register.cjs') }
  return { folder, command: join(folder, 'cli.cjs'), register }
}

function installedPackage(folder: string): BuiltPackage {
  const dist = join(folder, 'node_modules/discord-transport/dist')
  const register = { import: join(dist, 'register.js'), require: join(dist, 'register.cjs') }
  return { folder, command: join(dist, 'cli.js'), register }
}

async function buildInto(folder: string): Promise<void> {
  const [{ build }, { libraryBuild }] = await Promise.all([import('tsup'), import('../../../tsup.config.js')])
  const common = { ...libraryBuild, outDir: folder, silent: true, config: false, clean: false } as const
  const sources = [...entries].map(([entry, { source }]) => [entry, join(ROOT, source)] as const)
  await Promise.all([
    build({
      ...common,
      entry: {
        cli: join(ROOT, 'src/cli/main.ts'),
        register: join(ROOT, 'src/register/preload.ts'),
        chinese: join(ROOT, 'src/messages/chinese/index.ts'),
        'register-transport': join(ROOT, 'src/register/transport.ts'),
      },
    }),
    build({
      ...common,
      entry: Object.fromEntries(sources),
      format: ['esm'],
      outExtension: () => ({ js: '.mjs' }),
    }),
  ])
  const exports = Object.fromEntries([...entries].map(([entry, { subpath }]) => [subpath, `./${entry}.mjs`]))
  const register = { import: './register.mjs', require: './register.cjs' }
  const manifest = {
    name: 'discord-transport',
    type: 'module',
    exports: { ...exports, './register': register },
  }
  await writeFile(join(folder, 'register.mjs'), "import './register.cjs'\n")
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
}
