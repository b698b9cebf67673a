import { ProxyAgent } from 'undici'
import type { CreateClient } from '../contender.js'
import { fetchClient } from './undici-client.js'

const create: CreateClient = ({ origin, proxy }) => fetchClient(origin, new ProxyAgent(proxy))
export default create
