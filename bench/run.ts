import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { useCertificates } from './certificates.js'
import { ClientProcess, type Surroundings } from './client/client-process.js'
import { CONTENDERS, whyNot } from './contenders/index.js'
import { measureBursts } from './measure/burst.js'
import { measureColdCode } from './measure/cold-code.js'
import { measureFirstSends } from './measure/first-send.js'
import { measureImports } from './measure/import-time.js'
import { measureLoads, type Running } from './measure/load.js'
import { measureUploads } from './measure/upload.js'
import { emptyResult, type Result } from './results.js'
import { startServers } from './servers/start.js'
import type { Settings } from './settings.js'

/** Measures every contender that can run here; one that cannot is in the results, with the reason. */
export async function runBench(
  settings: Settings,
  tell: (line: string) => void = () => undefined,
): Promise<readonly Result[]> {
  const { folder, certFile, keyFile, caFile, remove } = await useCertificates()
  const servers = await startServers(certFile, keyFile)
  const surroundings: Surroundings = { caFile, entry: settings.entry }
  const running: Running[] = []
  try {
    const results = CONTENDERS.filter(settings.wanted).map(emptyResult)
    const clients = await Promise.all(results.map((result) => start(result, surroundings)))
    for (const [at, result] of results.entries()) {
      const client = clients[at]
      if (client === undefined) tell(`skipped: ${result.contender.name}: ${result.note ?? ''}`)
      else running.push({ result, client })
    }
    const able = running.map(({ result }) => result)
    tell('sends a second')
    await measureLoads(running, servers, settings)
    tell('first sends')
    await measureFirstSends(running, servers, settings.silenceMs)
    tell('bursts')
    await measureBursts(running, servers, settings.burstRounds)
    await Promise.all(running.map(({ client }) => client.stop()))
    tell('cold code')
    await measureColdCode(able, servers, surroundings, settings.coldCode)
    tell('uploads')
    const path = await writeUpload(folder, settings.uploadBytes)
    await measureUploads(able, servers, surroundings, { path, rounds: settings.uploadRounds })
    tell('imports')
    await measureImports(able, settings.entry, settings.importRounds)
    return results
  } finally {
    await Promise.all(running.map(({ client }) => client.stop()))
    await servers.stop()
    await remove()
  }
}

async function start(result: Result, surroundings: Surroundings): Promise<ClientProcess | undefined> {
  const { contender } = result
  const reason = whyNot(contender)
  if (reason !== undefined) {
    result.note = reason
    return undefined
  }
  try {
    return await ClientProcess.start(contender, surroundings)
  } catch (error) {
    result.note = error instanceof Error ? error.message : String(error)
    return undefined
  }
}

async function writeUpload(folder: string, bytes: number): Promise<string> {
  const path = join(folder, 'upload.bin')
  const file = await open(path, 'w')
  const chunk = Buffer.alloc(1024 * 1024, 'discord-transport ')
  for (let written = 0; written < bytes; written += chunk.length) await file.write(chunk)
  await file.close()
  return path
}
