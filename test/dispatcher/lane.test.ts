import { expect, onTestFinished, test } from 'vitest'
import { parseOptions, resolveProxy } from '../../src/config/index.js'
import { TunnelDispatcher } from '../../src/dispatcher/dispatcher.js'
import { Route, type HttpConnection } from '../../src/tunnel/index.js'
import type { LabProxy } from '../lab/proxy/index.js'
import { failureOf } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

/** Every tunnel of this route is closed before its first request. */
class ShortLivedTunnels extends Route {
  override async openHttp(...args: Parameters<Route['openHttp']>): Promise<HttpConnection> {
    const connection = await super.openHttp(...args)
    connection.socket.destroy()
    return connection
  }
}

/** The first tunnel is closed before its first request, and so is its proxy. */
class FirstProxyEnds extends Route {
  ending: LabProxy | undefined

  override async openHttp(...args: Parameters<Route['openHttp']>): Promise<HttpConnection> {
    const connection = await super.openHttp(...args)
    const { ending } = this
    this.ending = undefined
    if (ending !== undefined) {
      await ending.close()
      connection.socket.destroy()
    }
    return connection
  }
}

test('the answer of a proxy that took the place of another is its own', async () => {
  const { proxy, startProxy } = await startLab()
  const second = await startProxy({ scheme: 'http', auth: { username: 'user', password: 'secret' } })
  const options = parseOptions({ proxy: [proxy.url, second.urlWithoutCredentials], env: {} })
  const route = new FirstProxyEnds(resolveProxy(options), options)
  route.ending = proxy
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: 1, keepAliveMs: 1_000 })
  onTestFinished(async () => {
    await dispatcher.destroy()
    await route.close()
  })
  const request = dispatcher.request({ origin: 'http://plain.lab', path: '/', method: 'GET' })
  expect(await failureOf(request)).toMatchObject({
    code: 'ERR_PROXY_AUTH',
    proxy: second.urlWithoutCredentials,
  })
})

test('a request whose tunnels are all closed before its first byte fails, and does not open tunnels for ever', async () => {
  const { proxy, discord } = await startLab()
  const options = parseOptions({ proxy: proxy.url, tls: { ca: discord.ca }, env: {} })
  const route = new ShortLivedTunnels(resolveProxy(options), options)
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: 2, keepAliveMs: 1_000 })
  onTestFinished(async () => {
    await dispatcher.destroy()
    await route.close()
  })
  const { origin, pathname } = new URL(USERS_ME)
  const error = await failureOf(dispatcher.request({ origin, path: pathname, method: 'GET' }))
  expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'no', retryable: true })
  // The tunnel of the lane was closed before it could be tried, so both tries opened another one.
  expect(proxy.connections).toHaveLength(3)
})
