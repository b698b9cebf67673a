import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The variable that names the folder of the built package. */
export const BUILT_PACKAGE = 'TEST_BUILT_PACKAGE'

/** Makes the folder of the built package for one run of vitest. In node_modules, where it finds its dependencies. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // vitest calls this once for each project.
  if (process.env[BUILT_PACKAGE] !== undefined) return undefined
  const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))
  const folder = await mkdtemp(join(modules, '.built-'))
  process.env[BUILT_PACKAGE] = folder
  return () => rm(folder, { recursive: true, force: true })
}
