import { ClientProcess, type Surroundings } from '../client/client-process.js'
import type { Result } from '../results.js'
import type { Servers } from '../servers/start.js'

/** One file from disk, by each contender in a new process: memory that others have used must not hide it. */
export async function measureUploads(
  results: readonly Result[],
  servers: Servers,
  surroundings: Surroundings,
  { path, rounds }: { readonly path: string; readonly rounds: number },
): Promise<void> {
  for (const result of results) {
    const { contender } = result
    const client = await ClientProcess.start(contender, surroundings)
    try {
      await client.open(servers.destination(contender.proxy, 'near'))
      // The tunnel and the code are not what is measured.
      await client.ask({ do: 'send' })
      for (let round = 0; round < rounds; round += 1) {
        result.uploads.push(await client.ask({ do: 'upload', path }))
      }
    } catch (error) {
      result.note ??= `upload: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`
    } finally {
      await client.stop()
    }
  }
}
