import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findPeer } from '../peers/resolve.js'
import type { Result } from '../results.js'

const run = promisify(execFile)

/** Milliseconds until the entry is imported, in a new process each time, without a loader. */
export async function measureImports(
  results: readonly Result[],
  entry: string,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, importMs } of results) {
      if (contender.imports.length === 0) continue
      const urls = contender.imports.map((name) => urlOf(name, contender.peers ?? [], entry))
      // From TypeScript it would be the compiler's time.
      if (urls.some((url) => url.endsWith('.ts'))) continue
      const node = contender.node22 === true ? process.env['BENCH_NODE22'] : undefined
      const code = `const at = performance.now()
        for (const url of ${JSON.stringify(urls)}) await import(url)
        console.log(performance.now() - at)`
      const { stdout } = await run(node ?? process.execPath, ['--input-type=module', '-e', code])
      importMs.push(Number(stdout))
    }
  }
}

/** What is no peer is our own dependency, also where the peers bring another version of it. */
function urlOf(name: string, peers: readonly string[], entry: string): string {
  if (name === 'ours') return entry
  return (peers.includes(name) ? findPeer(name) : undefined) ?? import.meta.resolve(name)
}
