import type * as Adapter from '../../src/adapters/discord.js/index.js'
import type * as Library from '../../src/index.js'
import type { CreateClient } from '../contender.js'
import { restClient } from './discordjs-rest.js'

const entry = process.env['BENCH_ENTRY'] ?? ''
/** The adapter stands beside the entry, in the built package and in the source. */
const adapter = new URL(entry.endsWith('.ts') ? 'adapters/discord.js/index.ts' : 'discordjs.js', entry).href
const { createDiscordTransport } = (await import(entry)) as typeof Library
const { restOptions } = (await import(adapter)) as typeof Adapter

const create: CreateClient = ({ origin, proxy }) => {
  const transport = createDiscordTransport({ proxy, env: {} })
  return restClient(origin, restOptions(transport), () => transport.close())
}
export default create
