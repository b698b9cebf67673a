import { execFileSync } from 'node:child_process'
import process from 'node:process'

/** Why a suite cannot run on this machine; nothing where it can. */
type Obstacle = () => string | undefined

/** By npm script. A suite that is not listed runs everywhere. */
export const obstacles: Readonly<Partial<Record<string, Obstacle>>> = {
  'test:real': () => linuxRoot() ?? missing(['ip', 'ss', 'unshare']) ?? withoutNamespaces(),
  'test:fleet': () => missing(['redis-server']),
  'test:sealed': () => linuxRoot() ?? missing(['ip', 'nft', 'unshare']) ?? withoutNamespaces(),
  'test:runtimes': linuxX64,
  'test:nodes': linuxX64,
}

/** The platform whose binaries are downloaded. */
function linuxX64(): string | undefined {
  const { platform, arch } = process
  return platform === 'linux' && arch === 'x64' ? undefined : `needs linux-x64, this is ${platform}-${arch}`
}

function linuxRoot(): string | undefined {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  return process.getuid?.() === 0 ? undefined : 'needs root, for network namespaces'
}

/** Root in an ordinary container is not allowed to. */
function withoutNamespaces(): string | undefined {
  return succeeds('unshare', ['--net', '--mount', 'true']) ? undefined : 'needs to create network namespaces'
}

function missing(commands: readonly string[]): string | undefined {
  const absent = commands.filter((command) => !isInstalled(command))
  return absent.length === 0 ? undefined : `not installed: ${absent.join(', ')}`
}

export function isInstalled(command: string): boolean {
  return succeeds('sh', ['-c', `command -v ${command}`])
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
