import { Socks5ProxyAgent } from 'undici'
import type { CreateClient } from '../contender.js'
import { fetchClient } from './undici-client.js'

const create: CreateClient = ({ origin, proxy }) => fetchClient(origin, new Socks5ProxyAgent(proxy))
export default create
