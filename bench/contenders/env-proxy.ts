import type { Dispatcher } from 'undici'
import type { CreateClient } from '../contender.js'
import { globalClient } from './global-client.js'

/** Under this symbol Node keeps the dispatcher of its fetch. */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1')

interface EnvProxy extends Dispatcher {
  readonly constructor: new (options: { httpsProxy: string; noProxy: string }) => EnvProxy
}

/**
 * NODE_USE_ENV_PROXY makes Node put such a dispatcher there at start; a new one each time is the same with
 * connections of its own.
 */
const create: CreateClient = ({ origin, proxy }) => {
  const current = Reflect.get(globalThis, GLOBAL_DISPATCHER) as EnvProxy | undefined
  if (current?.constructor.name !== 'EnvHttpProxyAgent')
    throw new Error('this Node knows no NODE_USE_ENV_PROXY')
  const dispatcher = new current.constructor({ httpsProxy: proxy, noProxy: '' })
  Reflect.set(globalThis, GLOBAL_DISPATCHER, dispatcher)
  return globalClient(
    origin,
    (url, init) => fetch(url, init),
    () => dispatcher.destroy(),
  )
}
export default create
