import { once } from 'node:events'
import { Agent } from 'node:https'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { TransportError } from '../../src/index.js'
import { failureOf, helloByWebSocket, rejectionOf } from '../support/faces.js'
import { GATEWAY, startLab } from '../support/lab.js'

describe('a WebSocket of the transport', () => {
  test('says hello through the proxy', async () => {
    const { transport, proxy } = await startLab()
    expect(await helloByWebSocket(transport)).toMatchObject({ op: 10 })
    expect(proxy.established.map(({ target }) => target?.host)).toEqual(['gateway.discord.gg'])
  })

  test('keeps to a handshakeTimeout that is shorter than connectTimeoutMs while the proxy is silent', async () => {
    const { transport, proxy } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
    const startedAt = performance.now()
    const error = await failureOf(helloByWebSocket(transport, { handshakeTimeout: 200 }))
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    expect(error).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', phase: 'tunnel' })
    expect(error.message).toContain('200 ms')
    await (
      await proxy.waitForConnection()
    ).closed
  })

  test('has a deadline without handshakeTimeout too, and one of 0 takes none away', async () => {
    const { transport } = await startLab({
      fault: { kind: 'request', verb: 'silence' },
      transport: { connectTimeoutMs: 200 },
    })
    for (const options of [{}, { handshakeTimeout: 0 }]) {
      const startedAt = performance.now()
      const error = await failureOf(helloByWebSocket(transport, options))
      const took = performance.now() - startedAt
      expect(took).toBeGreaterThan(190)
      expect(took).toBeLessThan(1_500)
      expect(error.message).toContain('200 ms')
    }
  })

  test('takes a handshakeTimeout beyond what a timer can count for a long one, and no number for none', async () => {
    const { transport } = await startLab()
    for (const handshakeTimeout of [1e12, Infinity, NaN, -1]) {
      expect(await helloByWebSocket(transport, { handshakeTimeout })).toMatchObject({ op: 10 })
    }
  })

  test('names the step that hangs even where the process is busy while both of its deadlines expire', async () => {
    const { transport, proxy } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
    const startedAt = performance.now()
    const failed = failureOf(helloByWebSocket(transport, { handshakeTimeout: 1_000 }))
    await proxy.waitForConnection(({ target }) => target !== null)
    while (performance.now() - startedAt < 1_200) continue
    expect(await failed).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', phase: 'tunnel' })
  })

  test('fails in time when the upgrade itself gets no answer, and the proxy sees it go', async () => {
    const { transport, proxy, discord } = await startLab({ transport: { connectTimeoutMs: 1_000 } })
    discord.gateway.stallUpgradeOnce()
    const error = await failureOf(helloByWebSocket(transport))
    expect(error).toMatchObject({
      code: 'ERR_TARGET_TIMEOUT',
      phase: 'exchange',
      target: 'gateway.discord.gg:443',
    })
    await (
      await proxy.waitForConnection()
    ).closed
    expect(transport.stats().tunnels.open).toBe(0)
  })

  test('gives up its tunnel at once when it is terminated while connecting', async () => {
    const { transport, proxy } = await startLab({
      fault: { kind: 'request', verb: 'silence' },
      transport: { connectTimeoutMs: 60_000 },
    })
    const socket = transport.createWebSocket(GATEWAY)
    const error = once(socket, 'error')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const connection = await proxy.waitForConnection(({ target }) => target !== null)
    socket.terminate()
    await connection.closed
    await closed
    const [reason] = (await error) as [Error]
    expect(reason.message).toContain('closed before the connection was established')
  })

  test.each([
    [200, 'ERR_TARGET_UNREACHABLE', false, /login page/],
    [302, 'ERR_TARGET_UNREACHABLE', false, /login page/],
    [401, 'ERR_TARGET_UNREACHABLE', false, /credentials/],
    [403, 'ERR_TARGET_UNREACHABLE', false, /address of this proxy/],
    [404, 'ERR_TARGET_UNREACHABLE', false, /path of the URL/],
    [426, 'ERR_TARGET_UNREACHABLE', false, /Upgrade header/],
    [429, 'ERR_TARGET_UNREACHABLE', true, /wait/],
    [500, 'ERR_TARGET_UNREACHABLE', true, /behind it/],
    [503, 'ERR_TARGET_UNREACHABLE', true, /behind it/],
    [504, 'ERR_TARGET_TIMEOUT', true, /behind it/],
    [511, 'ERR_TARGET_UNREACHABLE', false, /login page/],
  ] as const)('names an upgrade that is answered with %i: %s', async (status, code, retryable, hint) => {
    const { transport, discord } = await startLab()
    discord.gateway.refuseUpgradeOnce({ status })
    const error = await failureOf(helloByWebSocket(transport))
    expect(error).toMatchObject({ code, phase: 'exchange', retryable, sent: 'no' })
    expect(error.message).toBe(`gateway.discord.gg:443 answered the WebSocket upgrade with ${status}`)
    expect(error.hint).toMatch(hint)
  })

  test('shows no header of its user and no URL when it is inspected', async () => {
    const { transport } = await startLab()
    const url = `${GATEWAY}&token=hidden-in-the-url`
    const socket = transport.createWebSocket(url, { headers: { authorization: 'hidden-in-a-header' } })
    const shown = (): string => inspect(socket, { depth: 9, showHidden: true }) + JSON.stringify(socket)
    expect(shown()).not.toContain('hidden')
    await once(socket, 'open')
    expect(shown()).not.toContain('hidden')
    socket.terminate()
  })

  test('closes with 1006 when the proxy cuts it, and its tunnel is gone', async () => {
    const { transport, proxy } = await startLab()
    const socket = transport.createWebSocket(GATEWAY)
    await once(socket, 'message')
    const closed = once(socket, 'close')
    proxy.cut()
    expect((await closed)[0]).toBe(1006)
    expect(transport.stats().tunnels.open).toBe(0)
  })

  test('throws for what is no WebSocket URL, and opens nothing', async () => {
    const { transport, proxy } = await startLab()
    expect(() => transport.createWebSocket('ftp://gateway.discord.gg')).toThrow(SyntaxError)
    expect(() => transport.createWebSocket('gateway.discord.gg')).toThrow(SyntaxError)
    const { stack, ...error } = thrownBy(() => transport.createWebSocket('//hidden.token'))
    expect(inspect(error) + (stack ?? '')).not.toContain('hidden')
    expect(proxy.connections).toEqual([])
  })

  test('is on the agent of the transport, whatever agent the options of JavaScript code name', async () => {
    const { transport, proxy } = await startLab()
    const around = Object.assign(new Agent(), {
      createConnection: () => {
        throw new Error('around the proxy')
      },
    })
    const options = { handshakeTimeout: 5_000, agent: around }
    expect(await helloByWebSocket(transport, options)).toMatchObject({ op: 10 })
    expect(proxy.established).toHaveLength(1)
  })

  test('takes headers and the other options of ws', async () => {
    const { transport, discord } = await startLab()
    const options = { headers: { 'user-agent': 'lab' }, maxPayload: 10 }
    await expect(helloByWebSocket(transport, options)).rejects.toThrow('Max payload size exceeded')
    expect(discord.gateway.upgrades[0]?.headers['user-agent']).toBe('lab')
  })
})

test('warm and explain do not repeat a URL that cannot be read', async () => {
  const { transport } = await startLab()
  const errors = [
    thrownBy(() => transport.explain('//hidden.token')),
    await rejectionOf(transport.warm(['//hidden.token'])),
  ]
  for (const error of errors) {
    expect(error).toBeInstanceOf(TypeError)
    expect(inspect(error, { showHidden: true })).not.toContain('hidden')
  }
})

/** What a call throws, which must throw. */
function thrownBy(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('this should have thrown')
}

test('a WebSocket over a closed transport fails with ERR_TRANSPORT_CLOSED', async () => {
  const { transport, proxy } = await startLab()
  await transport.close()
  const error = await failureOf(helloByWebSocket(transport))
  expect(error).toBeInstanceOf(TransportError)
  expect(error.code).toBe('ERR_TRANSPORT_CLOSED')
  expect(proxy.connections).toEqual([])
})
