import { onTestFinished } from 'vitest'
import { parseOptions, resolveProxy } from '../../src/config/index.js'
import type { DispatcherOptions } from '../../src/dispatcher/dispatcher-options.js'
import { TunnelDispatcher } from '../../src/dispatcher/dispatcher.js'
import { Route } from '../../src/tunnel/index.js'
import type { Lab } from '../support/lab.js'

/** A dispatcher through the lab's proxy, with the limits that a transport does not offer. Closed after the test. */
export function openDispatcher(
  { proxy, discord }: Pick<Lab, 'proxy' | 'discord'>,
  { connectTimeoutMs, ...limits }: Partial<DispatcherOptions> & { readonly connectTimeoutMs?: number } = {},
): TunnelDispatcher {
  const options = parseOptions({
    proxy: proxy.url,
    tls: { ca: discord.ca },
    env: {},
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  })
  const route = new Route(resolveProxy(options), options)
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: 2, keepAliveMs: 1_000, ...limits })
  onTestFinished(async () => {
    await dispatcher.destroy()
    await route.close()
  })
  return dispatcher
}
