import { parseProxyUrl } from '../../src/config/proxy-url.js'
import type { Candidate } from '../../src/tunnel/proxies/choosing.js'

/** A proxy of the configuration, as the choice among proxies sees it. */
export function candidateOf(key: string, url: string): Candidate {
  const proxy = parseProxyUrl(url, 'proxy')
  return { key, proxy, listed: { proxy, proxyTls: undefined, proxyAuthorization: undefined } }
}
