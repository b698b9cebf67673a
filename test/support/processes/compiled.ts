import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { BUILT_PACKAGE } from '../global-setup.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * The folder of this run of vitest for what is built once. It is in node_modules, where it finds its dependencies.
 */
export function buildFolder(): string {
  const folder = process.env[BUILT_PACKAGE]
  if (folder === undefined) throw new Error(`${BUILT_PACKAGE} is not set: run the tests by vitest.config.ts`)
  return folder
}

/**
 * Does some work once for one run of vitest: the first test file that needs it does it, the others wait. Where it fails,
 * it fails for all of them.
 */
export async function onceForAllFiles(folder: string, work: () => Promise<void>): Promise<void> {
  const ready = join(folder, 'ready')
  const failed = join(folder, 'failed')
  await mkdir(dirname(folder), { recursive: true })
  await mkdir(folder, { recursive: true })
  if (await mkdir(join(folder, 'begun')).then(() => true, isBegun)) {
    try {
      await work()
      await writeFile(ready, '')
    } catch (error) {
      await writeFile(failed, String(error))
      throw error
    }
  }
  while (!(await exists(ready))) {
    if (await exists(failed)) throw new Error(`failed in another file: ${await readFile(failed, 'utf8')}`)
    await delay(20)
  }
}

/**
 * Compiles programs of TypeScript, with what they import of this repository, into one folder. A process that Node
 * starts from there takes a second less of the processor than one that compiles its sources itself. Packages stay
 * packages, and a dynamic import stays one.
 *
 * @param programs URLs of the files
 * @returns the path of the first, compiled; the others are beside it
 */
export async function compiled(...programs: readonly [URL, ...URL[]]): Promise<string> {
  const [main, ...others] = programs.map((url) => fileURLToPath(url)) as [string, ...string[]]
  const folder = join(buildFolder(), relative(ROOT, main).replaceAll(/\W+/g, '-'))
  await onceForAllFiles(folder, async () => {
    await build({
      entryPoints: [main, ...others],
      outdir: folder,
      entryNames: '[name]',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    })
  })
  return join(folder, `${basename(main, extname(main))}.mjs`)
}

function isBegun(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
  throw error
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
