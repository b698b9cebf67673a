import type * as Adapter from '../../src/adapters/discord.js/index.js'
import type * as Library from '../../src/index.js'
import type { CreateClient } from '../contender.js'
import { restClient } from './discordjs-rest.js'

const entry = process.env['BENCH_ENTRY'] ?? ''
/** The adapter stands beside the entry: in the source, in the package that the tests build, and in dist. */
const ADAPTERS = { '.ts': 'adapters/discord.js/index.ts', '.mjs': 'discord.js.mjs', '.js': 'discordjs.js' }
const [, name = 'discordjs.js'] = Object.entries(ADAPTERS).find(([end]) => entry.endsWith(end)) ?? []
const adapter = new URL(name, entry).href
const { createDiscordTransport } = (await import(entry)) as typeof Library
const { restOptions } = (await import(adapter)) as typeof Adapter

const create: CreateClient = ({ origin, proxy }) => {
  const transport = createDiscordTransport({ proxy, env: {} })
  return restClient(origin, restOptions(transport), () => transport.close())
}
export default create
