import { isIPv4 } from 'node:net'
import { sourceName, urlHost, type Environment, type Proxy, type ProxySource } from '../../config/index.js'
import { say } from '../../messages/index.js'
import { settingError } from './setting-error.js'

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
  const inContainer = container === true || (env['OPENCLAW_CONTAINER']?.trim() ?? '') !== ''
  if (!inContainer || !isLoopback(host)) return
  if (env['OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL'] === '1') return
  throw settingError(
    sourceName(source),
    say('openclaw.container', { url }),
    say('openclaw.container.hint', { url: url.replace(urlHost(host), 'host.docker.internal') }),
    'ERR_PROXY_CONFIG',
  )
}

/** The literal addresses and `localhost`: a name that resolves to one of them does not count, as with OpenClaw. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.+$/, '')
  if (isIPv4(name)) return name.startsWith('127.')
  return name === 'localhost' || name === '::1' || /^::ffff:7f[0-9a-f]{2}:/.test(name)
}
