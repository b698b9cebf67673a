import { HttpsProxyAgent } from 'https-proxy-agent'
import type { CreateClient } from '../contender.js'
import { nodeFetchClient } from './node-fetch.js'

const create: CreateClient = ({ origin, proxy }) => {
  const agent = new HttpsProxyAgent(proxy, { keepAlive: true })
  return nodeFetchClient(
    origin,
    () => agent,
    () => agent.destroy(),
  )
}
export default create
