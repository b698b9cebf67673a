/** Runs the built command `doctor` in the lab, once with a proxy that works and once with one that refuses. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createDiscordTransport } from '../../src/index.js'
import { CHINESE } from '../../src/messages/chinese/index.js'
import { ENGLISH } from '../../src/messages/english/index.js'
import { speak } from '../../src/messages/index.js'
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

/** `--json` of the command is English, so the Chinese report comes from the function behind it. */
async function record(report: Report, language: Language, url: string, ca: string): Promise<void> {
  const json = language === 'en' ? await byCommand(url, ca) : await inChinese(url, ca)
  await writeFile(new URL(`doctor-${report}.${language}.json`, DATA), json)
}

function byCommand(url: string, ca: string): Promise<string> {
  const env = { PATH: process.env['PATH'], HTTPS_PROXY: url }
  const args = [COMMAND, 'doctor', '--json', '--tls-ca-file', ca]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout))
  })
}

async function inChinese(url: string, ca: string): Promise<string> {
  speak(CHINESE)
  await using transport = createDiscordTransport({ env: { HTTPS_PROXY: url }, tls: { caFile: ca } })
  const diagnosis = await transport.diagnose({ audience: 'command' })
  speak(ENGLISH)
  return `${JSON.stringify(diagnosis, null, 2)}\n`
}
