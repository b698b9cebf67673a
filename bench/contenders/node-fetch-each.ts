import { HttpsProxyAgent } from 'https-proxy-agent'
import type { CreateClient } from '../contender.js'
import { nodeFetchClient } from './node-fetch.js'

/** The usual advice: an agent, and so a tunnel, for each request. */
const create: CreateClient = ({ origin, proxy }) =>
  nodeFetchClient(
    origin,
    () => new HttpsProxyAgent(proxy),
    () => undefined,
  )
export default create
