import { describe, expect, onTestFinished, test } from 'vitest'
import { parseOptions, resolveProxy } from '../../src/config/index.js'
import { TunnelDispatcher } from '../../src/dispatcher/dispatcher.js'
import { Route, type HttpConnection } from '../../src/tunnel/index.js'
import type { TransportOptions } from '../../src/index.js'
import type { LabProxy } from '../lab/proxy/index.js'
import { failureOf, getByDispatcher } from '../support/faces.js'
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

/** A dispatcher through the first of two proxies, which ends before the first request is written; closed after the test. */
function dispatcherWhoseProxyEnds(
  first: LabProxy,
  secondUrl: string,
  { tls, onEvent }: Pick<TransportOptions, 'tls' | 'onEvent'> = {},
): TunnelDispatcher {
  const options = parseOptions({
    proxy: [first.url, secondUrl],
    env: {},
    ...(tls === undefined ? {} : { tls }),
  })
  const route = new FirstProxyEnds(resolveProxy(options), options)
  route.ending = first
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: 1, keepAliveMs: 1_000, onEvent })
  onTestFinished(async () => {
    await dispatcher.destroy()
    await route.close()
  })
  return dispatcher
}

describe('a proxy that took the place of another', () => {
  test('is the one whose answer it is', async () => {
    const { proxy, startProxy } = await startLab()
    const second = await startProxy({ scheme: 'http', auth: { username: 'user', password: 'secret' } })
    const dispatcher = dispatcherWhoseProxyEnds(proxy, second.urlWithoutCredentials)
    const request = dispatcher.request({ origin: 'http://plain.lab', path: '/', method: 'GET' })
    expect(await failureOf(request)).toMatchObject({
      code: 'ERR_PROXY_AUTH',
      proxy: second.urlWithoutCredentials,
    })
  })

  test('gets no request that was written with the credentials for the other', async () => {
    const { proxy, startProxy } = await startLab({ auth: { username: 'one', password: 'secret' } })
    const second = await startProxy({ scheme: 'http', auth: { username: 'two', password: 'secret' } })
    const dispatcher = dispatcherWhoseProxyEnds(proxy, second.url)
    const request = dispatcher.request({ origin: 'http://plain.lab', path: '/', method: 'GET' })
    expect(await failureOf(request)).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'no' })
    expect(second.connections.map(({ authorization }) => authorization)).toEqual([null])
  })

  test('is named by each request that goes through it', async () => {
    const { proxy, startProxy, discord, headers } = await startLab()
    const second = await startProxy({ scheme: 'socks5' })
    const named: unknown[] = []
    const dispatcher = dispatcherWhoseProxyEnds(proxy, second.url, {
      tls: { ca: discord.ca },
      onEvent: (event) => named.push('proxy' in event ? event.proxy : undefined),
    })
    for (let round = 0; round < 2; round++)
      expect((await getByDispatcher({ dispatcher }, USERS_ME, headers)).status).toBe(200)
    expect(named).toEqual([second.url, second.url])
    expect(second.established).toHaveLength(1)
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
