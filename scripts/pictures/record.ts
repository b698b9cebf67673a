/** Runs the built command `doctor` in the lab, once with a proxy that works and once with one that refuses. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { startDiscord } from '../../test/lab/discord/index.js'
import { LabNames } from '../../test/lab/names.js'
import { startProxy } from '../../test/lab/proxy/index.js'
import type { Report } from './doctor.js'
import type { Language } from './svg.js'

const COMMAND = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const DATA = new URL('data/', import.meta.url)

export async function recordReports(): Promise<void> {
  const names = new LabNames()
  await using discord = await startDiscord({ names })
  // A line like that to a proxy in another country.
  await using proxy = await startProxy({ scheme: 'http', names, port: 7897, delayMs: 12 })
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-pictures-'))
  try {
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, discord.ca)
    await mkdir(DATA, { recursive: true })
    for (const report of ['healthy', 'broken'] as const) {
      proxy.fault = report === 'broken' ? { kind: 'status', status: 403, reason: 'Forbidden' } : undefined
      for (const language of ['en', 'zh-CN'] as const) await record(report, language, proxy.url, ca)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function record(report: Report, language: Language, url: string, ca: string): Promise<void> {
  const stdout = await new Promise<string>((resolve) => {
    const env = { PATH: process.env['PATH'], HTTPS_PROXY: url, LANG: language.replace('-', '_') }
    execFile(process.execPath, [COMMAND, 'doctor', '--json', '--tls-ca-file', ca], { env }, (_error, out) =>
      resolve(out),
    )
  })
  await writeFile(new URL(`doctor-${report}.${language}.json`, DATA), stdout)
}
