import { createRequire } from 'node:module'
import type { Dispatcher } from 'undici'
import type { CreateClient } from '../contender.js'
import { restClient } from './discordjs-rest.js'

interface Undici {
  readonly ProxyAgent: new (proxy: string) => Dispatcher
}

/** @discordjs/rest takes the agent of its own undici. */
const { ProxyAgent } = createRequire(createRequire(import.meta.url).resolve('@discordjs/rest'))(
  'undici',
) as Undici

const create: CreateClient = ({ origin, proxy }) => {
  const agent = new ProxyAgent(proxy)
  return restClient(origin, { agent: agent as never }, () => agent.destroy())
}
export default create
