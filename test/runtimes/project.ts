import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What programs of these tests import. */
const PACKAGES = ['discord.js', 'ws']

/** A folder of a user of the package, as it was built into `dist`. */
export interface Project extends AsyncDisposable {
  readonly folder: string
}

export async function createProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-runtime-'))
  const link = async (name: string, target: string): Promise<void> => {
    const path = join(folder, 'node_modules', name)
    await mkdir(dirname(path), { recursive: true })
    await symlink(target, path, 'junction')
  }
  await link('discord-transport', ROOT)
  for (const name of PACKAGES) await link(name, join(ROOT, 'node_modules', name))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
