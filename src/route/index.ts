export { Handshake, TunnelAgent } from './agent.js'
export { TunnelDispatcher } from './dispatcher.js'
export {
  closedError,
  connectionLost,
  nameFailure,
  timeoutError,
  UNKNOWN_ISSUER,
  type Hop,
} from './failures.js'
export { KeepWarm } from './keep-warm.js'
export type { TransportStats } from './stats.js'
export { addressOf, authority, type Target } from './target.js'
export { Route } from './tunnel.js'
