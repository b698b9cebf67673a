import { readFileSync } from 'node:fs'

/** The package's version; its package.json lies one folder above dist, and two above src/cli. */
export function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: unknown
        version?: unknown
      }
      if (name === 'discord-transport' && typeof found === 'string') return found
    } catch {
      // Not there: the next place.
    }
  }
  return 'unknown'
}
