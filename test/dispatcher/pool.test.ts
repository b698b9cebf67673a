import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { upgrade } from 'undici'
import { describe, expect, test } from 'vitest'
import type { TransportEvent } from '../../src/index.js'
import { watchConnects } from '../support/connects.js'
import { deferred } from '../support/deferred.js'
import { getByAgent, getByDispatcher, getByFetch } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

const CDN = 'https://cdn.discordapp.com/none'

/** The most tunnels that were open at one time. The proxy hears of a closed one a moment after we do. */
function peakOf(events: readonly TransportEvent[]): number {
  let open = 0
  let peak = 0
  for (const { type } of events) {
    if (type === 'tunnel-open') peak = Math.max(peak, ++open)
    else if (type === 'tunnel-close') open -= 1
  }
  return peak
}

test('a tunnel that makes room for another origin is closed before that one is opened', async () => {
  const { transport, proxy, headers } = await startLab({ transport: { maxTunnels: 1 } })
  const toProxy = new Set<Socket>()
  const pairs: [Socket, Socket][] = []
  const open = new Set<Socket>()
  watchConnects((socket) => {
    for (const other of open) pairs.push([other, socket])
    open.add(socket)
    socket.once('connect', () => socket.remotePort === proxy.port && toProxy.add(socket))
    socket.once('close', () => open.delete(socket))
  })
  await getByFetch(transport, USERS_ME, headers)
  await Promise.all([1, 2, 3].map(() => getByFetch(transport, CDN)))
  expect(toProxy.size).toBe(2)
  expect(pairs.filter((pair) => pair.every((socket) => toProxy.has(socket)))).toEqual([])
})

describe('tunnels are used again', () => {
  test('1 000 sequential sends use one tunnel', async () => {
    const { transport, proxy, discord, headers } = await startLab()
    const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
    for (let index = 0; index < 1_000; index++) {
      const response = await transport.fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ content: `number ${index}` }),
      })
      expect(response.status).toBe(200)
      await response.arrayBuffer()
    }
    expect(proxy.connections).toHaveLength(1)
    expect(transport.stats()).toMatchObject({
      requests: 1_000,
      tunnels: { opened: 1, open: 1, reused: 999, failed: 0 },
    })
  })

  test('by the agent as well', async () => {
    const { transport, proxy, headers } = await startLab()
    for (let index = 0; index < 20; index++) {
      expect((await getByAgent(transport, USERS_ME, { headers })).status).toBe(200)
    }
    expect(proxy.connections).toHaveLength(1)
    expect(transport.stats().tunnels).toEqual({ opened: 1, open: 1, reused: 19, failed: 0 })
  })

  test('until they have been idle for keepAliveMs', async () => {
    const { transport, proxy, headers } = await startLab({ transport: { keepAliveMs: 150 } })
    await getByDispatcher(transport, USERS_ME, headers)
    await getByAgent(transport, USERS_ME, { headers })
    await Promise.all(proxy.connections.map(({ closed }) => closed))
    expect(proxy.connections).toHaveLength(2)
    expect(transport.stats().tunnels.open).toBe(0)
  })

  test('by the agent without a limit of keepAliveMs on the request that uses one', async () => {
    const { transport, proxy, discord, headers } = await startLab({ transport: { keepAliveMs: 500 } })
    let timeouts = 0
    for (const delayMs of [0, 1_000]) {
      discord.rest.respondOnce('/users/@me', { apply: true, delayMs })
      const request = get(USERS_ME, { agent: transport.agent, headers })
      request.on('timeout', () => (timeouts += 1))
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      await text(response)
    }
    expect(timeouts).toBe(0)
    expect(proxy.connections).toHaveLength(1)
  })

  test('by the agent for no longer than the server promises', async () => {
    const { transport, proxy, discord, headers } = await startLab({ transport: { keepAliveMs: 60_000 } })
    discord.rest.respondOnce('/users/@me', { apply: true, headers: { 'keep-alive': 'timeout=1' } })
    await getByAgent(transport, USERS_ME, { headers })
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })

  test('by fetch for no longer than keepAliveMs, whatever the server promises', async () => {
    const { transport, proxy, discord, headers } = await startLab({ transport: { keepAliveMs: 150 } })
    discord.rest.respondOnce('/users/@me', { apply: true, headers: { 'keep-alive': 'timeout=600' } })
    await getByFetch(transport, USERS_ME, headers)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })

  test('by fetch with keepAliveMs 0 not for a moment: a later request has a tunnel of its own', async () => {
    const { transport, proxy, headers } = await startLab({ transport: { keepAliveMs: 0 } })
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })

  test('not at all by the agent with keepAliveMs 0', async () => {
    const { transport, proxy, headers } = await startLab({ transport: { keepAliveMs: 0 } })
    await getByAgent(transport, USERS_ME, { headers })
    await getByAgent(transport, USERS_ME, { headers })
    expect(proxy.connections).toHaveLength(2)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })
})

describe('maxTunnels', () => {
  test('holds for 200 concurrent sends, over two origins together', async () => {
    const { transport, proxy, headers, events } = await startLab({ transport: { maxTunnels: 4 } })
    const sends = Array.from({ length: 200 }, (_, index) =>
      getByFetch(transport, index % 2 === 0 ? USERS_ME : CDN, headers),
    )
    const statuses = (await Promise.all(sends)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200, 404]))
    expect(peakOf(events)).toBeLessThanOrEqual(4)
    expect(new Set(proxy.established.map(({ target }) => target?.host)).size).toBe(2)
  })

  test('of one serves many origins one after the other', async () => {
    const { transport, proxy, headers, events } = await startLab({ transport: { maxTunnels: 1 } })
    for (let round = 0; round < 3; round++) {
      await getByFetch(transport, USERS_ME, headers)
      await getByFetch(transport, CDN)
    }
    expect(peakOf(events)).toBe(1)
    expect(proxy.connections).toHaveLength(6)
  })

  test('of one gives the place of an idle tunnel to another origin', async () => {
    const { transport, headers, events } = await startLab({
      transport: { maxTunnels: 1, connectTimeoutMs: 2_000, delivery: false },
    })
    await getByFetch(transport, USERS_ME, headers)
    // The tunnel is idle one turn of the event loop after its response was read.
    await nextTurn()
    await nextTurn()
    expect((await getByFetch(transport, CDN)).status).toBe(404)
    expect(peakOf(events)).toBe(1)
  })

  test('lets no origin starve while another is busy without end', async () => {
    const { transport, headers } = await startLab({ transport: { maxTunnels: 2 } })
    let busy = true
    const keepBusy = async (): Promise<void> => {
      while (busy) await getByFetch(transport, USERS_ME, headers)
    }
    const others = Array.from({ length: 8 }, keepBusy)
    const { status } = await getByFetch(transport, CDN)
    busy = false
    await Promise.all(others)
    expect(status).toBe(404)
  })

  test('does not count what the agent opens, WebSockets among it', async () => {
    const { transport, proxy, headers } = await startLab({ transport: { maxTunnels: 1 } })
    const sockets = ['a', 'b'].map(() => transport.createWebSocket('wss://gateway.discord.gg/?v=10'))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('message', resolve))))
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
    expect(proxy.openCount).toBe(3)
    for (const socket of sockets) socket.terminate()
  })

  test('is reached by a burst, and a proxy that allows fewer fails none of it', async () => {
    const { transport, proxy, headers } = await startLab({
      maxConnections: 3,
      transport: { maxTunnels: 8 },
    })
    const burst = Array.from({ length: 50 }, () => getByFetch(transport, USERS_ME, headers))
    for (const { status } of await Promise.all(burst)) expect(status).toBe(200)
    expect(proxy.peakOpen).toBeLessThanOrEqual(3)
  })
})

test("'drain' follows a dispatch() that returned false, when nothing waits any more", async () => {
  const { transport, headers } = await startLab()
  const { origin, pathname: path } = new URL(USERS_ME)
  const drained = once(transport.dispatcher, 'drain')
  const ended = deferred<undefined>()
  const handler = {
    onRequestStart: () => undefined,
    onResponseStart: () => undefined,
    onResponseEnd: () => ended.resolve(undefined),
  }
  expect(transport.dispatcher.dispatch({ origin, path, method: 'GET', headers }, handler)).toBe(false)
  const [drainedOrigin] = (await drained) as [URL]
  expect(drainedOrigin.origin).toBe(origin)
  await ended.promise
})

describe('a single tunnel is not used up', () => {
  test('by requests that undici refuses for their arguments', async () => {
    const { transport, headers } = await startLab({ transport: { maxTunnels: 1 } })
    for (let round = 0; round < 3; round++) {
      const refused = getByDispatcher(transport, USERS_ME, { 'bad header': 'x' })
      await expect(refused).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    }
    expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
  })

  test('by a burst that is aborted, nor by a body that is cancelled', async () => {
    const { transport, headers } = await startLab({ transport: { maxTunnels: 1 } })
    const controller = new AbortController()
    const burst = Array.from({ length: 50 }, () => transport.fetch(USERS_ME, { signal: controller.signal }))
    controller.abort()
    for (const result of await Promise.allSettled(burst)) expect(result.status).toBe('rejected')
    const response = await transport.fetch(USERS_ME, { headers })
    await response.body?.cancel()
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
  })

  test('by an upgraded connection that has ended', async () => {
    const { transport, headers } = await startLab({ transport: { maxTunnels: 1 } })
    const { socket } = await upgrade('https://gateway.discord.gg/?v=10&encoding=json', {
      dispatcher: transport.dispatcher,
      protocol: 'websocket',
      headers: { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' },
    })
    socket.destroy()
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
  })
})
