import { DANTE } from './dante.js'
import { MICROSOCKS } from './microsocks.js'
import { PRIVOXY } from './privoxy.js'
import type { RealProxy } from './real-proxy.js'
import { SHADOWSOCKS } from './shadowsocks.js'
import { SQUID } from './squid.js'
import { STUNNEL } from './stunnel.js'
import { TINYPROXY } from './tinyproxy.js'
import { V2RAY } from './v2ray.js'

export {
  CREDENTIALS,
  DENIED_HOST,
  startRealProxy,
  type ProxySite,
  type RealProxy,
  type RunningProxy,
} from './real-proxy.js'

/** Every real proxy that the cases run against. */
export const REAL_PROXIES: readonly RealProxy[] = [
  ...SQUID,
  ...TINYPROXY,
  ...PRIVOXY,
  ...STUNNEL,
  ...DANTE,
  ...MICROSOCKS,
  ...V2RAY,
  ...SHADOWSOCKS,
]
