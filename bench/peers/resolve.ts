import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Folders whose node_modules may hold the peers: those of BENCH_PEERS, then this one. */
function folders(): string[] {
  const given = (process.env['BENCH_PEERS'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...given, import.meta.dirname]
}

/** The URL of a peer's entry; undefined where it is not installed. */
export function findPeer(name: string): string | undefined {
  for (const folder of folders()) {
    try {
      return pathToFileURL(createRequire(join(folder, 'package.json')).resolve(name)).href
    } catch {
      // The next folder may have it.
    }
  }
  return undefined
}

/**
 * Loads a peer by hand: it need not be installed, so the compiler knows nothing of it.
 *
 * @throws Error where it is not installed
 */
export async function importPeer<Module>(name: string): Promise<Module> {
  const url = findPeer(name)
  if (url === undefined) throw new Error(`${name} is not installed: npm run bench:peers`)
  return (await import(url)) as Module
}
