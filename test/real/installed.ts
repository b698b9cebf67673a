import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { RealProxy } from './proxies/index.js'

/** Where Debian keeps servers; a user's PATH often leaves these folders out. */
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The programs of a proxy that are not on this machine. */
export function missingPrograms(programs: readonly string[]): readonly string[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS]
  return programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))))
}

/** Versions as Debian has them: `tinyproxy 1.11.1`, the packaging's own number left out. */
export function versionsOf({ packages }: RealProxy): string {
  return packages
    .map((name) => {
      const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' })
      const upstream = /^(?:\d+:)?([^-+]+)/.exec(stdout)?.[1]
      return `${name.replace(/-bin$/, '')} ${upstream ?? '(version unknown)'}`
    })
    .join(', ')
}

/** What must not be skipped, because it was asked for: CI sets it. */
export const requireRealProxies = process.env['REQUIRE_REAL_PROXIES'] === '1'
