import { Agent } from 'undici'
import type { CreateClient } from '../contender.js'
import { requestClient } from './undici-client.js'

const create: CreateClient = ({ origin }) => requestClient(origin, new Agent())
export default create
