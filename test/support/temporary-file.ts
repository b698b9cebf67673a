import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A file for the rest of the test. */
export async function writeTemporary(name: string, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'discord-transport-file-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}
