import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createDiscordTransport, TransportError } from '../src/index.js'
import { watchedPorts } from '../src/tunnel/proxies/port-watch.js'
import {
  FACES,
  failureOf,
  getByAgent,
  getByDispatcher,
  getByFetch,
  helloByWebSocket,
  rejectionOf,
} from './support/faces.js'
import { GATEWAY, startLab, USERS_ME } from './support/lab.js'

function thrownBy(work: () => unknown): TransportError {
  try {
    work()
  } catch (error) {
    if (error instanceof TransportError) return error
    throw error
  }
  throw new Error('this should have thrown')
}

describe('createDiscordTransport', () => {
  test('is synchronous, opens nothing, and says which proxy won', async () => {
    const { createTransport, proxy } = await startLab()
    const sources = { OPENCLAW_PROXY_URL: 1, HTTPS_PROXY: 2, https_proxy: 3, ALL_PROXY: 4, all_proxy: 5 }
    for (const source of Object.keys(sources)) {
      const transport = createTransport({ env: { [source]: `http://user:secret@127.0.0.1:${proxy.port}` } })
      expect(transport.proxy).toEqual({
        url: `http://***:***@127.0.0.1:${proxy.port}`,
        protocol: 'http',
        host: '127.0.0.1',
        port: proxy.port,
        source,
      })
      expect(Object.isFrozen(transport.proxy)).toBe(true)
    }
    expect(createTransport().proxy?.source).toBe('config')
    expect(createTransport({ proxy: false }).proxy).toBeNull()
    expect(createTransport({ env: {}, proxy: '  ' }).proxy).toBeNull()
    expect(proxy.connections).toEqual([])
  })

  test('never falls back from an invalid source to a lower one', async () => {
    const { proxy } = await startLab()
    const error = thrownBy(() =>
      createDiscordTransport({ env: { HTTPS_PROXY: 'ftp://user:secret@proxy', ALL_PROXY: proxy.url } }),
    )
    expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'config' })
    expect(error.message).toContain('HTTPS_PROXY')
    expect(error.message).not.toContain('secret')
  })

  test('with required throws where there is no proxy, and names where it looked', () => {
    const error = thrownBy(() => createDiscordTransport({ required: true, env: {} }))
    expect(error.code).toBe('ERR_PROXY_CONFIG')
    for (const name of ['OPENCLAW_PROXY_URL', 'HTTPS_PROXY', 'ALL_PROXY'])
      expect(error.message).toContain(name)
  })

  test('gives Carbon its own agent, WebSocket factory and fetch', async () => {
    const { transport } = await startLab()
    expect(transport.gatewayOptions.agent).toBe(transport.agent)
    expect(transport.requestOptions.fetch).toBe(transport.fetch)
    const socket = transport.gatewayOptions.webSocketFactory(GATEWAY)
    expect(JSON.parse(String((await once(socket, 'message'))[0]))).toMatchObject({ op: 10 })
    socket.terminate()
  })

  test('refuses to wrap a client that has no way in, and says to upgrade', async () => {
    const { transport } = await startLab()
    const error = thrownBy(() => transport.wrapRequestClient({ token: 'x' }))
    expect(error.code).toBe('ERR_PROXY_CONFIG')
    expect(error.hint).toContain('0.15')
  })
})

describe('setProxy', () => {
  test('sends everything that follows through the other proxy, and lets what is under way finish', async () => {
    const { transport, proxy, startProxy, discord, headers } = await startLab()
    const other = await startProxy({ scheme: 'socks5' })
    await getByAgent(transport, USERS_ME, { headers })
    discord.rest.respondOnce('/users/@me', { apply: true, delayMs: 100 })
    const slow = getByFetch(transport, USERS_ME, headers)
    await discord.rest.waitForRequest('/users/@me', { nth: 2 })
    transport.setProxy(other.url)
    expect(transport.proxy?.protocol).toBe('socks5')
    expect((await slow).status).toBe(200)
    const before = proxy.connections.length
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(proxy.connections).toHaveLength(before)
    expect(other.established.length).toBeGreaterThan(1)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })

  test('throws for an invalid URL and stays where it was', async () => {
    const { transport, proxy, headers } = await startLab()
    const error = thrownBy(() => transport.setProxy('ftp://user:secret@proxy'))
    expect(error.code).toBe('ERR_PROXY_CONFIG')
    expect(error.message).not.toContain('secret')
    expect(transport.proxy?.url).toBe(proxy.url)
    expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
  })

  test('leaves no socket of the agent to a later request: one that is in use ends with its own', async () => {
    const { transport, proxy, startProxy, discord, headers } = await startLab()
    const other = await startProxy({})
    discord.rest.respondOnce('/users/@me', { apply: true, delayMs: 50 })
    const slow = getByAgent(transport, USERS_ME, { headers })
    await discord.rest.waitForRequest('/users/@me')
    transport.setProxy(other.url)
    expect((await slow).status).toBe(200)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
    for (let round = 0; round < 2; round++) await getByAgent(transport, USERS_ME, { headers })
    expect(proxy.connections).toHaveLength(1)
    expect(other.connections).toHaveLength(1)
  })

  test('away from a silent proxy frees what waits for it', async () => {
    const { transport, proxy, startProxy, headers } = await startLab({
      fault: { kind: 'request', verb: 'silence' },
      transport: { connectTimeoutMs: 3_000 },
    })
    const other = await startProxy({})
    const waiting = getByFetch(transport, USERS_ME, headers)
    await proxy.waitForConnection(({ target }) => target !== null)
    transport.setProxy(other.url)
    expect((await waiting).status).toBe(200)
  })

  test('while warm() opens a tunnel warms one through the other proxy, and leaves none behind', async () => {
    const { transport, proxy, startProxy } = await startLab({ delayMs: 50 })
    const other = await startProxy({})
    const warming = transport.warm()
    const begun = await proxy.waitForConnection(({ target }) => target !== null)
    transport.setProxy(other.url)
    await warming
    expect(other.established).toHaveLength(1)
    await begun.closed
    expect(transport.stats().tunnels.open).toBe(1)
  })

  test('away from a list ends the wait for its proxies that are down', async () => {
    const { createTransport, proxy, startProxy } = await startLab()
    const dead = await startProxy({})
    await dead.close()
    const transport = createTransport({ proxy: [dead.url, proxy.url] })
    const before = watchedPorts()
    await helloByWebSocket(transport)
    await expect.poll(watchedPorts).toBe(before + 1)
    transport.setProxy(proxy.url)
    expect(watchedPorts()).toBe(before)
  })

  test('leaves what waits for the other proxy alone when the first one fails late', async () => {
    const { transport, proxy, startProxy, headers } = await startLab({
      fault: { kind: 'request', verb: 'silence' },
    })
    const other = await startProxy({ delayMs: 50 })
    const waiting = getByFetch(transport, USERS_ME, headers)
    await proxy.waitForConnection(({ target }) => target !== null)
    transport.setProxy(other.url)
    proxy.cut()
    expect((await waiting).status).toBe(200)
    expect(other.connections).toHaveLength(1)
  })
})

describe('warm', () => {
  test('opens tunnels ahead of the first send', async () => {
    const { transport, proxy, headers } = await startLab()
    await transport.warm(['https://discord.com', 'https://cdn.discordapp.com/x', USERS_ME])
    expect(proxy.established.map(({ target }) => target?.host).sort()).toEqual([
      'cdn.discordapp.com',
      'discord.com',
    ])
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
    expect(proxy.connections).toHaveLength(2)
  })

  test('refuses what no request can have as its origin, and opens nothing', async () => {
    const { transport, proxy } = await startLab()
    for (const url of [GATEWAY, 'ftp://discord.com', 'data:,x', 'discord.com']) {
      expect(await rejectionOf(transport.warm([USERS_ME, url])), url).toBeInstanceOf(TypeError)
    }
    expect(proxy.connections).toEqual([])
  })

  test('rejects with the failure, and a send after it has its own attempt', async () => {
    const { transport, proxy, headers } = await startLab({ fault: { kind: 'status', status: 502 } })
    expect((await failureOf(transport.warm())).code).toBe('ERR_TARGET_UNREACHABLE')
    proxy.fault = undefined
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
  })

  test('on a closed transport is ERR_TRANSPORT_CLOSED', async () => {
    const { transport } = await startLab()
    await transport.close()
    expect(await rejectionOf(transport.warm())).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED' })
  })

  test('a warm tunnel that the proxy cuts is replaced by the next send', async () => {
    const { transport, proxy, headers, nextEvent } = await startLab()
    await transport.warm()
    const gone = nextEvent('tunnel-close')
    proxy.cut(undefined, 'close')
    await gone
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
    expect(transport.stats().tunnels.failed).toBe(0)
  })
})

describe('keepWarm', () => {
  test('holds a REST tunnel ready while a gateway socket is open, and replaces it', async () => {
    const { transport, proxy } = await startLab({ transport: { keepWarm: true } })
    const toRest = ({ target }: { target: { host: string } | null }): boolean =>
      target?.host === 'discord.com'
    const socket = transport.createWebSocket(GATEWAY)
    const first = await proxy.waitForConnection((connection) => toRest(connection) && connection.established)
    proxy.cut(toRest)
    await proxy.waitForConnection(
      (connection) => toRest(connection) && connection.established && connection.id > first.id,
    )
    const closed = once(socket, 'close')
    socket.terminate()
    await closed
  })
})
