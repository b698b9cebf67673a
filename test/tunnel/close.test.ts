import { once } from 'node:events'
import { get } from 'node:https'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { processWide } from '../../src/tunnel/own-connections.js'
import {
  FACES,
  failureOf,
  getByAgent,
  getByDispatcher,
  getByFetch,
  rejectionOf,
  type Face,
} from '../support/faces.js'
import { GATEWAY, startLab, USERS_ME } from '../support/lab.js'

const SCHEMES = ['http', 'https', 'socks5'] as const
const CLOSED = { name: 'TransportError', code: 'ERR_TRANSPORT_CLOSED', retryable: false }

describe('close()', () => {
  test.each(SCHEMES)(
    'while tunnels are being opened fails every face with ERR_TRANSPORT_CLOSED (%s)',
    async (scheme) => {
      const { transport, proxy } = await startLab({
        scheme,
        fault: { kind: 'request', verb: 'silence' },
        transport: { connectTimeoutMs: 60_000 },
      })
      const errors = Object.values(FACES).map((reach) => failureOf(reach(transport)))
      await proxy.waitForConnection(() => proxy.connections.filter(({ target }) => target).length === 4)
      await transport.close()
      for (const error of await Promise.all(errors)) expect(error).toMatchObject(CLOSED)
      await Promise.all(proxy.connections.map(({ closed }) => closed))
    },
  )

  test('fails what waits in the queue', async () => {
    const { transport, proxy } = await startLab({
      fault: { kind: 'request', verb: 'silence' },
      transport: { maxTunnels: 1 },
    })
    const errors = Array.from({ length: 20 }, () => failureOf(getByFetch(transport)))
    await proxy.waitForConnection()
    await transport.close()
    for (const error of await Promise.all(errors)) expect(error).toMatchObject(CLOSED)
  })

  test.each(SCHEMES)('in the middle of requests fails each of them (%s)', async (scheme) => {
    const { transport, proxy, discord, headers } = await startLab({ scheme })
    discord.rest.intercept('/users/@me', () => ({ stall: true }))
    const errors = [
      rejectionOf(getByDispatcher(transport, USERS_ME, headers)),
      rejectionOf(getByFetch(transport, USERS_ME, headers)),
      rejectionOf(getByAgent(transport, USERS_ME, { headers })),
    ]
    await discord.rest.waitForRequest('/users/@me', { nth: 3 })
    await transport.close()
    for (const error of await Promise.all(errors)) expect(error).toMatchObject(CLOSED)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })

  test('in the middle of a body fails the body', async () => {
    const { transport, discord } = await startLab()
    discord.cdn.intercept('/big', () => ({
      body: Buffer.alloc(1_000_000),
      trickle: { bytes: 10_000, everyMs: 20 },
    }))
    const response = await transport.fetch('https://cdn.discordapp.com/big')
    const body = failureOf(response.arrayBuffer())
    await transport.close()
    expect(await body).toMatchObject(CLOSED)
  })

  test('ends open WebSockets with 1006', async () => {
    const { transport, discord } = await startLab()
    const sockets = [transport.createWebSocket(GATEWAY), transport.createWebSocket(GATEWAY)]
    await Promise.all(sockets.map((socket) => once(socket, 'message')))
    const codes = sockets.map(async (socket) => (await once(socket, 'close'))[0] as number)
    await transport.close()
    expect(await Promise.all(codes)).toEqual([1006, 1006])
    await discord.gateway.waitForClose({ nth: 2 })
  })

  test('ends idle tunnels of both faces, and resolves when their sockets are closed', async () => {
    const { transport, proxy, headers } = await startLab()
    await getByAgent(transport, USERS_ME, { headers })
    await getByDispatcher(transport, USERS_ME, headers)
    expect(transport.stats().tunnels.open).toBe(2)
    await transport.close()
    expect(transport.stats().tunnels.open).toBe(0)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
  })

  test('leaves nothing in the list of connections to proxies that the process keeps', async () => {
    const { transport, headers } = await startLab()
    const connections = processWide('proxy-connections', new Map<Socket, unknown>())
    const before = connections.size
    await getByAgent(transport, USERS_ME, { headers })
    await getByDispatcher(transport, USERS_ME, headers)
    expect(connections.size).toBe(before + 2)
    await transport.close()
    expect(connections.size).toBe(before)
  })

  test('leaves nothing that opens a connection', async () => {
    const { transport, proxy } = await startLab()
    await transport.close()
    for (const [face, reach] of Object.entries(FACES) as [Face, (typeof FACES)[Face]][]) {
      expect(await failureOf(reach(transport)), face).toMatchObject(CLOSED)
    }
    expect(proxy.connections).toEqual([])
  })

  test('may be called again, and is what `await using` calls', async () => {
    const { transport, headers } = await startLab()
    await getByFetch(transport, USERS_ME, headers)
    await Promise.all([transport.close(), transport.close(), transport[Symbol.asyncDispose]()])
    expect(transport.stats().tunnels.open).toBe(0)
  })

  test('of the dispatcher alone lets requests under way finish', async () => {
    const { transport, discord, headers } = await startLab()
    discord.rest.intercept('/users/@me', () => ({ apply: true, delayMs: 50 }))
    const request = getByDispatcher(transport, USERS_ME, headers)
    await discord.rest.waitForRequest('/users/@me')
    await transport.dispatcher.close()
    expect(transport.stats().tunnels.open).toBe(0)
    expect((await request).status).toBe(200)
    expect(await failureOf(getByDispatcher(transport))).toMatchObject(CLOSED)
  })
})

describe('a request that is destroyed', () => {
  test.each(SCHEMES)('while its tunnel is being opened gives the tunnel up at once (%s)', async (scheme) => {
    const { transport, proxy } = await startLab({
      scheme,
      fault: { kind: 'request', verb: 'silence' },
      transport: { connectTimeoutMs: 60_000 },
    })
    const request = get(USERS_ME, { agent: transport.agent })
    const error = once(request, 'error')
    const connection = await proxy.waitForConnection(({ target }) => target !== null)
    request.destroy()
    await connection.closed
    expect((await error)[0]).toMatchObject({ message: 'socket hang up', code: 'ECONNRESET' })
  })

  test('by a signal gives the tunnel up too, with the error that Node has for it', async () => {
    const { transport, proxy } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
    const controller = new AbortController()
    const request = get(USERS_ME, { agent: transport.agent, signal: controller.signal })
    const error = once(request, 'error')
    const connection = await proxy.waitForConnection(({ target }) => target !== null)
    controller.abort()
    await connection.closed
    expect((await error)[0]).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })
  })
})
