/** Every picture of the documentation, by its path from the root of the repository. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bench } from './bench.js'
import { doctor } from './doctor.js'
import { gatewayStates } from './gateway-states.js'
import { problem } from './problem.js'
import { roundTrips } from './round-trips.js'
import type { Language, ThemeName } from './svg.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const PICTURES: Readonly<Record<string, (theme: ThemeName, language: Language) => string>> = {
  problem,
  'doctor-healthy': (theme, language) => doctor('healthy', theme, language),
  'doctor-broken': (theme, language) => doctor('broken', theme, language),
  'round-trips': roundTrips,
  'gateway-states': gatewayStates,
  bench,
}

const FOLDERS: Readonly<Record<Language, string>> = { en: 'docs/pictures', 'zh-CN': 'docs/zh-CN/pictures' }

export function renderPictures(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const language of ['en', 'zh-CN'] as const)
    for (const [name, render] of Object.entries(PICTURES))
      for (const theme of ['light', 'dark'] as const)
        files.set(`${FOLDERS[language]}/${name}-${theme}.svg`, render(theme, language))
  return files
}

export async function writePictures(): Promise<void> {
  for (const [path, svg] of renderPictures()) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), svg)
  }
}
