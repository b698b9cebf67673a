import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installNode } from '../../scripts/nodes/install-node.js'
import type { Surroundings } from '../client/client-process.js'
import { HEADERS, MESSAGES_PATH, PAYLOAD } from '../contender.js'
import { BASE, OURS } from '../contenders/index.js'
import { FIRST_SENDS } from '../limits.js'
import type { Result } from '../results.js'
import type { Servers } from '../servers/start.js'

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL('../client/first-sends.mjs', import.meta.url))

export interface ColdCodeSettings {
  /** Lines of Node. */
  readonly lines: readonly string[]
  readonly rounds: number
}

/**
 * CPU of the first sends of a fresh process, ours and the base in turns: a bot that sends a message now and then pays
 * for code that runs for the first time.
 */
export async function measureColdCode(
  results: readonly Result[],
  servers: Servers,
  { caFile, entry }: Surroundings,
  { lines, rounds }: ColdCodeSettings,
): Promise<void> {
  // From TypeScript it would be the compiler's time.
  if (entry.endsWith('.ts')) return
  const pair = results.filter(({ contender: { name } }) => name === OURS || name === BASE)
  for (const line of lines) {
    const node = await installNode(line)
    for (const { firstSends } of pair) firstSends.set(node.version, [])
    for (let round = 0; round < rounds; round += 1) {
      for (const { contender, firstSends } of round % 2 === 0 ? pair : [...pair].reverse()) {
        const { origin, proxy } = servers.destination('http', 'near')
        const ours = contender.name === OURS
        const what = ours ? ['ours', entry] : ['undici', import.meta.resolve('undici')]
        const request = [proxy, origin + MESSAGES_PATH, PAYLOAD, JSON.stringify(HEADERS)]
        const args = [CLIENT, ...what, ...request, String(FIRST_SENDS.count), String(FIRST_SENDS.inFlight)]
        const env = { ...process.env, NODE_EXTRA_CA_CERTS: caFile }
        const { stdout } = await run(node.path, args, { env })
        firstSends.get(node.version)?.push(Number(stdout))
      }
    }
  }
}
