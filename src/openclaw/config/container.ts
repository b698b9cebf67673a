import { sourceName, urlHost, type Environment, type Proxy, type ProxySource } from '../../config/index.js'
import { valueOf } from '../../config/variables.js'
import { configError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { isLoopback } from '../client/route/address.js'

/**
 * In a container 127.0.0.1 is the container itself, and a proxy of the host is not there.
 *
 * @throws TransportError ERR_PROXY_CONFIG
 */
export function refuseContainerLoopback(
  { host, redactedUrl: url }: Proxy,
  source: ProxySource,
  env: Environment,
  container: boolean | undefined,
): void {
  const inContainer = container === true || valueOf(env, 'OPENCLAW_CONTAINER') !== undefined
  if (!inContainer || !isLoopback(host)) return
  if (env['OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL'] === '1') return
  const reachable = url.replace(urlHost(host), 'host.docker.internal')
  const hint = say('openclaw.container.hint', { url: reachable })
  throw configError(sourceName(source), say('openclaw.container', { url }), hint)
}
