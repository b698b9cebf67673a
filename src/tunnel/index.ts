export {
  closedError,
  connectionLost,
  nameFailure,
  timeoutError,
  UNKNOWN_ISSUER,
  type Hop,
} from './failures.js'
export type { TransportStats } from './stats.js'
export { addressOf, authority, parseUrl, type Target } from './target.js'
export type { ForwardProxy, ReadHeader } from './http/forward-proxy.js'
export { Route, type HttpConnection } from './route.js'
