import type * as Library from '../../src/index.js'
import type { CreateClient } from '../contender.js'
import { globalClient } from './global-client.js'

/** The built package, or its source. */
const entry = process.env['BENCH_ENTRY'] ?? ''
const { createDiscordTransport } = (await import(entry)) as typeof Library

const create: CreateClient = ({ origin, proxy }) => {
  const maxTunnels = Number(process.env['BENCH_MAX_TUNNELS'] ?? 0)
  const transport = createDiscordTransport({
    proxy,
    env: {},
    ...(maxTunnels > 0 ? { maxTunnels } : {}),
  })
  return {
    ...globalClient(origin, transport.fetch, () => transport.close()),
    warm: () => transport.warm([origin]),
  }
}
export default create
