import type { CreateClient } from '../contender.js'
import { importPeer } from '../peers/resolve.js'
import { globalClient } from './global-client.js'

interface Proxyline {
  readonly installGlobalProxy: (options: { mode: 'managed'; proxyUrl: string }) => { stop(): unknown }
}

const { installGlobalProxy } = await importPeer<Proxyline>('@openclaw/proxyline')

/** Its undici 8 offers HTTP/2 by itself. */
const create: CreateClient = ({ origin, proxy }) => {
  const installed = installGlobalProxy({ mode: 'managed', proxyUrl: proxy })
  return globalClient(
    origin,
    (url, init) => fetch(url, init),
    async () => {
      await installed.stop()
    },
  )
}
export default create
