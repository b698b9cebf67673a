import type { Dispatcher } from 'undici'
import type { CreateClient } from '../contender.js'
import { importPeer } from '../peers/resolve.js'
import { fetchClient } from './undici-client.js'

interface FetchSocks {
  readonly socksDispatcher: (proxy: { type: 5; host: string; port: number }) => Dispatcher
}

const { socksDispatcher } = await importPeer<FetchSocks>('fetch-socks')

const create: CreateClient = ({ origin, proxy }) => {
  const { hostname, port } = new URL(proxy)
  return fetchClient(origin, socksDispatcher({ type: 5, host: hostname, port: Number(port) }))
}
export default create
