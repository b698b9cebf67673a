import { ProxyAgent } from 'undici'
import type { CreateClient } from '../contender.js'
import { requestClient } from './undici-client.js'

const create: CreateClient = ({ origin, proxy }) => requestClient(origin, new ProxyAgent(proxy))
export default create
