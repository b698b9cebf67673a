import { Agent, buildConnector } from 'undici'
import type { CreateClient } from '../contender.js'
import { requestClient } from './undici-client.js'

/** No proxy finds the name for it: it connects where the name really is. */
const create: CreateClient = ({ origin, port }) => {
  const connect = buildConnector({})
  return requestClient(
    origin,
    new Agent({
      connect: (target, callback) =>
        connect({ ...target, hostname: '127.0.0.1', port: String(port) }, callback),
    }),
  )
}
export default create
